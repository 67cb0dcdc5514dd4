"""Notes by hand: at most 40 words, each number a value of the data, none before it was public, two on a page."""

import shutil
from dataclasses import replace

import pytest
from kept_runs import read_run
from malformed import DATA

from adoption_curves import indicators
from adoption_curves.say.page import list_cautions

WORDS = "Do not quote" + " it" * 36


@pytest.fixture
def load_note(tmp_path):
    """Load the data with one more note on the default series, public on 1 August 2026."""

    def load(text, as_of=""):
        folder = shutil.copytree(DATA, tmp_path / "data", dirs_exist_ok=True)
        with (folder / "notes.csv").open("a", encoding="utf-8") as file:
            file.write(f"China,genai_users,2026-08-01,{text},\n")
        return indicators.load(folder, as_of)

    return load


@pytest.mark.parametrize("text", [f"{WORDS} alone.", "Do not quote 602 million of 2025 as 53.5%."])
def test_a_note_of_40_words_and_of_values_of_the_data_is_read(load_note, text):
    assert (text, "") in load_note(text).find_notes("China", "genai_users")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{WORDS} alone today.", r"^notes\.csv, row 4, column text: "),
        ("Please quote 602 million.", r"^notes\.csv, row 4, column text: "),
        ("Do not quote 603 million.", r"^notes\.csv, row 4, column text: '603' is no value of observations\.csv"),
    ],
)
def test_a_note_that_is_too_long_or_has_another_number_is_refused(load_note, text, message):
    with pytest.raises(indicators.DataError, match=message):
        load_note(text)


def test_a_note_is_left_out_before_it_was_public_and_the_newest_two_stand_on_a_page(load_note):
    text = "Do not quote 602 million alone."
    notes = [note for note, _ in load_note(text).find_notes("China", "genai_users")]
    assert (len(notes), notes[1]) == (3, text), "newest first"
    assert text not in dict(load_note(text, "2026-07-31").find_notes("China", "genai_users"))
    texts = [
        caution for caution, _ in list_cautions(replace(read_run("baseline"), notes=[(note, "") for note in notes]))
    ]
    assert texts[-2:] == notes[:2]
    assert notes[2] not in texts
