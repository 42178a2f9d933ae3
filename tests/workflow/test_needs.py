"""What jobs ask of a cluster, and what is said where no partition gives it."""

import re
from pathlib import Path

import pytest

from chromatrack.cluster import slurm
from chromatrack.errors import InputError
from chromatrack.plan import needs
from chromatrack.settings import load_config

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
TEXT = """cpu*|up|1-00:00:00|16|64000|(null)
gpu|up|2-00:00:00|64+|515000|gpu:a100:4(S:0-1),nvme:1
short|up|30:00|64|515000|gpu:2
old|down|infinite|99|999999|gpu:8
"""
NODES = slurm.parse(TEXT)


def of(name, *over):
    return load_config([ROOT / "config.yaml", CONFIG / name, *over])


def test_every_rule_that_is_submitted_says_its_needs():
    rules = {}
    for path in sorted((ROOT / "workflow/rules").glob("*.smk")):
        parts = re.split(r"^ *(?:rule|checkpoint) (\w+):\n", path.read_text(), flags=re.M)
        rules |= dict(zip(parts[1::2], parts[2::2], strict=True))
    local = re.search(r"^localrules:\n((?:    \w+,\n)+)", (ROOT / "Snakefile").read_text(), re.M)
    local = set(re.findall(r"\w+", local[1]))
    for name, text in rules.items():
        if "shell:" in text:
            assert (f'**needs("{name}")' in text) == (name not in local), name
    assert set(needs.WORK) == {n for n, t in rules.items() if "shell:" in t} - local


def test_needs_follow_the_size_of_the_run_and_grow_with_the_attempt():
    small, thesis = of("small.yaml"), load_config([CONFIG / "thesis.yaml"])
    for rule in ("colorization", "siamfc", "fine_tune"):
        little, much = needs.of_job(small, rule), needs.of_job(thesis, rule)
        assert little.runtime <= 60 and much.runtime > 4 * little.runtime
        assert little.mem_mb < 10_000 and much.mem_mb > little.mem_mb
        again = needs.of_job(small, rule, attempt=2)
        assert (again.mem_mb, again.runtime) == (2 * little.mem_mb, 2 * little.runtime)
    track = {"benchmark": "otb", "protocol": "ope", "tracker": "baseline-seed0"}
    little, much = (needs.of_job(settings, "track", **track) for settings in (small, thesis))
    assert much.runtime > 2 * little.runtime


def test_gpus_are_those_of_the_configuration_and_of_what_uses_them(tmp_path):
    (tmp_path / "two.yaml").write_text("compute: {devices: 2}\n")
    (tmp_path / "cpu.yaml").write_text("compute: {device: cpu}\n")
    two, cpu = of("small.yaml", tmp_path / "two.yaml"), of("small.yaml", tmp_path / "cpu.yaml")
    assert needs.of_job(two, "colorization").gpu == needs.of_job(two, "siamfc").gpu == 2
    assert needs.of_job(two, "fine_tune").gpu == 1
    assert needs.of_job(cpu, "siamfc").gpu == 0
    place = {"benchmark": "otb", "protocol": "ope"}
    assert needs.of_job(two, "track", **place, tracker="kcf").gpu == 0
    assert needs.of_job(two, "track", **place, tracker="baseline-seed0").gpu == 1
    with pytest.raises(InputError, match="is no tracker of otb"):
        needs.of_job(two, "track", **place, tracker="nobody")


def test_partitions_are_read_as_sinfo_prints_them():
    assert [(n.partition, n.default, n.minutes, n.cpus, n.gpus) for n in NODES] == [
        ("cpu", True, 1440, 16, 0), ("gpu", False, 2880, 64, 4), ("short", False, 30, 64, 2),
    ]  # fmt: skip
    assert str(NODES[1]) == "gpu: 2880 min, 64 CPUs, 515000 MB, 4 GPUs"
    assert slurm.parse("all*|up|infinite|8|1000|gpu|\n"[:-2] + "\n")[0].gpus == 1


@pytest.mark.parametrize(
    ("limit", "minutes"),
    [("30", 30), ("30:00", 30), ("1:30:00", 90), ("1-00", 1440), ("2-12:30", 3630),
     ("1-00:00:00", 1440), ("infinite", slurm.UNLIMITED)],
)  # fmt: skip
def test_limits_of_time_are_read_in_every_form(limit, minutes):
    assert slurm.parse(f"all*|up|{limit}|8|1000|(null)\n")[0].minutes == minutes


def test_gpus_of_any_kind_are_counted_and_odd_lines_are_named():
    gres = "gpu:a100:2,gpu:tesla:no_consume:4,gpu:1(S:0)"
    assert slurm.parse(f"all*|up|infinite|8|1000|{gres}\n")[0].gpus == 7
    with pytest.raises(InputError, match="expected 6 fields of sinfo"):
        slurm.parse("all|up\n")


def test_one_of_several_partitions_is_enough():
    request = slurm.Request.of("x", 1, {"runtime": 60, "gpu": 1, "slurm_partition": "cpu,gpu"})
    slurm.check([request], NODES, False)
    request = slurm.Request.of("x", 1, {"runtime": 60, "gpu": 9, "slurm_partition": "cpu,gpu"})
    with pytest.raises(InputError, match="9 GPUs, 4 at most"):
        slurm.check([request], NODES, False)


@pytest.mark.parametrize(
    ("resources", "chosen", "told"),
    [
        ({"runtime": 60, "mem_mb": 1000}, False, None),
        ({"runtime": 60, "gpu": 1}, True, None),
        ({"runtime": 60, "gpu": 1, "slurm_partition": "gpu"}, False, None),
        ({"runtime": 60, "gres": "gpu:1"}, False, "1 GPUs, 0 at most; partition gpu has it"),
        ({"runtime": 60, "gpu": 8}, True, "8 GPUs, 4 at most"),
        ({"runtime": 6000, "gpu": 1}, True, "6000 min, 2880 at most"),
        ({"slurm_partition": "none"}, False, "there is no partition none"),
        ({"mem_mb": 600_000}, True, "600000 MB, 515000 at most"),
    ],
)
def test_what_no_partition_gives_is_one_sentence(resources, chosen, told):
    request = slurm.Request.of("siamfc", 4, resources)
    if told is None:
        slurm.check([request], NODES, chosen)
        return
    with pytest.raises(InputError) as raised:
        slurm.check([request, request], NODES, chosen)
    said = str(raised.value)
    assert said.startswith(f"slurm: no partition gives what these ask for: siamfc ({told})")
    assert "\n" not in said and "docs/clusters.md" in said


def test_a_retry_asks_for_no_more_than_there_is():
    large = needs.Needs(mem_mb=400_000, runtime=2000, gpu=1, attempt=2)
    assert slurm.within(large, NODES) == large
    larger = needs.Needs(mem_mb=600_000, runtime=4000, gpu=1, attempt=3)
    within = slurm.within(larger, NODES)
    assert (within.mem_mb, within.runtime) == (515_000, 2880)
    first = needs.Needs(mem_mb=600_000, runtime=4000, gpu=1)
    assert slurm.within(first, NODES) == first  # which is refused before anything is submitted


def test_no_slurm_is_one_sentence(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InputError, match=r"^slurm: sinfo does not answer \(.*\)$"):
        slurm.read()
