"""What a version is for: raising it makes again what the stage made."""

import re
from pathlib import Path

from chromatrack.plan import arguments
from chromatrack.settings import from_mapping
from chromatrack.versions import VERSIONS

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "workflow" / "rules").glob("*.smk"))
READ = re.compile(r'(?:VERSIONS\[|remade_with\()"([a-z-]+)"')


def test_each_version_is_read_by_a_rule():
    read = {name for path in RULES for name in READ.findall(path.read_text())}
    of_tracking = {"track", "propagate"}  # of which `arguments.version_of` chooses
    assert read | of_tracking == set(VERSIONS)


def test_masks_and_boxes_depend_on_the_version_of_what_makes_them():
    run = {"run": "a", "data": {"title": "t", "demo": True}, "benchmarks": {"otb": {}, "davis": {}}}
    settings = from_mapping(run)
    assert arguments.version_of(settings, "otb", protocol="ope") == VERSIONS["track"]
    assert arguments.version_of(settings, "davis", tracker="identity") == VERSIONS["propagate"]
