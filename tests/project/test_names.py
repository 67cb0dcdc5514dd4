"""A name with an underscore is its own file's; every other name is used by another file or promised by `__all__`."""

from names import find_private, list_namesakes


def test_what_only_its_own_file_uses_begins_with_an_underscore():
    assert {module: names for module, (names, _) in find_private().items() if names} == {}


def test_no_file_takes_a_name_with_an_underscore_from_another():
    assert {module: names for module, (_, names) in find_private().items() if names} == {}


def test_one_name_is_one_thing():
    names, modules = list_namesakes()
    assert names == ["SVG"], "the namespace of SVG, in a room that draws and in one that must not load what draws"
    assert modules == []
