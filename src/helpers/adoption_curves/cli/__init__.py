"""The command `adoption`. Each of its commands imports large libraries itself, so that help appears at once."""

from __future__ import annotations

import click

from . import data_commands, run_commands


@click.group(invoke_without_command=True, context_settings={"max_content_width": 100})
@click.version_option(package_name="adoption-curves", message="adoption %(version)s")
@click.pass_context
def adoption(context: click.Context) -> None:
    """Adoption curves: from published data to forecasts, charts and web pages."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for _command in (*run_commands.RUN_COMMANDS, *data_commands.DATA_COMMANDS):
    adoption.add_command(_command)
