"""The JSON Schema of scenario files, for editors: it accepts what is sound and refuses mistakes of shape."""

import json
import tomllib

import jsonschema
import pytest

from scenario_texts import FOLDER, MISTAKES, NAMES, SUMS, replaced
from settlesim.scenario import files


def test_the_schema_is_a_schema_and_accepts_the_shipped_files():
    schema = files.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for name in NAMES:
        raw = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
        assert list(validator.iter_errors(json.loads(json.dumps(raw, default=str)))) == []
        raw = tomllib.loads(files.dumps(files.load(name)))
        assert list(validator.iter_errors(json.loads(json.dumps(raw, default=str)))) == []


def accepted(old, new):
    raw = json.loads(json.dumps(tomllib.loads(replaced(old, new)), default=str))
    return jsonschema.Draft202012Validator(files.schema()).is_valid(raw)


@pytest.mark.parametrize(("old", "new"), [MISTAKES[i][:2] for i in (0, 1, 2, 7, 8)])
def test_the_schema_refuses_mistakes_of_shape(old, new):
    assert accepted(old, old)
    assert not accepted(old, new)


@pytest.mark.parametrize(("old", "new"), [SUMS[0][:2], SUMS[1][:2], MISTAKES[3][:2], MISTAKES[6][:2]])
def test_the_schema_leaves_sums_and_references_to_the_loader(old, new):
    assert accepted(old, new)


def test_a_whole_file_must_be_complete_but_one_that_extends_need_not():
    validator = jsonschema.Draft202012Validator(files.schema())
    own = {"name": "x", "title": "x", "description": "x"}
    assert not validator.is_valid(own)
    assert validator.is_valid(own | {"extends": "two-party", "parameters": {"guarantee": 0.1}})
