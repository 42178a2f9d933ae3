"""Where each result of a run is: the one place that says so. Rules, stages and the report ask it.

Arguments may be wildcards of Snakemake ("{seed}") as well as values.
"""

from __future__ import annotations

from dataclasses import dataclass

RESULTS = "results"
SUMMARY = f"{RESULTS}/otb2015_summary.csv"
"""The table of the run that was asked for last."""


@dataclass(frozen=True)
class Places:
    """Files of a run, as text with "/"; another run never touches them.

    Attributes:
        run: name of the run.
    """

    run: str

    @property
    def folder(self) -> str:
        return f"{RESULTS}/{self.run}"

    def log(self, name: str) -> str:
        return f"{self.folder}/logs/{name}.log"

    def usage(self, name: str) -> str:
        """Time and memory of a job, as Snakemake measures them."""
        return f"{self.folder}/logs/{name}.tsv"

    @property
    def usage_folder(self) -> str:
        return f"{self.folder}/logs"

    # The world

    def world(self, part: str) -> str:
        """Says that a part of the synthetic world is there."""
        return f"{self.folder}/world/{part}.json"

    def world_benchmark(self, benchmark: str) -> str:
        return f"{self.folder}/world_benchmarks/{benchmark}/manifest.json"

    # Clips and labels

    @property
    def shards(self) -> str:
        return f"{self.folder}/clips/shards/index.txt"

    def shard(self, shard: str) -> str:
        return f"{self.folder}/clips/shards/{shard}.csv"

    def ledger(self, shard: str) -> str:
        return f"{self.folder}/clips/ledgers/{shard}.csv"

    @property
    def clips(self) -> str:
        """Folder of a folder of clips per shard."""
        return f"{self.folder}/clips/files"

    def clips_of(self, shard: str) -> str:
        """Folder of the clips of a shard."""
        return f"{self.clips}/{shard}"

    @property
    def gate(self) -> str:
        return f"{self.folder}/clips/gate.json"

    def labels(self, shard: str) -> str:
        return f"{self.folder}/labels/{shard}.h5"

    @property
    def lab_statistics(self) -> str:
        return f"{self.folder}/labels/statistics.json"

    def label_analysis(self, file: str) -> str:
        return f"{self.folder}/label_analysis/{file}"

    # Networks

    def colorization(self, network: str, file: str = "model.pt") -> str:
        return f"{self.folder}/colorization/{network}/{file}"

    @property
    def single_video(self) -> str:
        return f"{self.folder}/single_video/index.json"

    def colorized(self, trunk: str) -> str:
        return f"{self.folder}/colorized/{trunk}.mp4"

    @property
    def crop_lists(self) -> str:
        return f"{self.folder}/crops/lists/index.txt"

    def crop_list(self, shard: str) -> str:
        return f"{self.folder}/crops/lists/{shard}.txt"

    def crops(self, shard: str) -> str:
        return f"{self.folder}/crops/{shard}.h5"

    def siamfc(self, seed: int | str, file: str = "model.pt") -> str:
        return f"{self.folder}/siamfc/seed{seed}/{file}"

    def statistics(self, network: str) -> str:
        return f"{self.folder}/statistics/{network}.json"

    def composed(self, experiment: str, seed: int | str, file: str = "model.pt") -> str:
        return f"{self.folder}/fused/exp{experiment}-seed{seed}/{file}"

    def fine_tuned(
        self, experiment: str, alpha: float | str, seed: int | str, file: str = "model.pt"
    ) -> str:
        return f"{self.folder}/fused/exp{experiment}-alpha{alpha}-seed{seed}/{file}"

    # Trackers over benchmarks

    def evaluation(self, benchmark: str, protocol: str, tracker: str, file: str) -> str:
        """Of one tracker: run.json, boxes (folder), scores.json, archive.zip."""
        return f"{self.folder}/evaluation/{benchmark}/{protocol}/{tracker}/{file}"

    def run_file(self, benchmark: str, protocol: str, tracker: str) -> str:
        return self.evaluation(benchmark, protocol, tracker, "run.json")

    def scores(self, benchmark: str, protocol: str, tracker: str) -> str:
        return self.evaluation(benchmark, protocol, tracker, "scores.json")

    def archive(self, benchmark: str, protocol: str, tracker: str) -> str:
        return self.evaluation(benchmark, protocol, tracker, "archive.zip")

    def alphas(self, benchmark: str, protocol: str, experiment: str, seed: int | str) -> str:
        """Says that all alphas of an experiment that only tests were tracked together."""
        return self.evaluation(benchmark, protocol, f"exp{experiment}-seed{seed}", "alphas.json")

    def comparison(self, benchmark: str, protocol: str, file: str) -> str:
        """Of all trackers: trackers.json, trackers.txt, plots (folder)."""
        return f"{self.folder}/evaluation/{benchmark}/{protocol}/{file}"

    def tuned(self, tracker: str, suffix: str = "json") -> str:
        """Settings of a tracker that were searched on GOT-10k val; yaml: to be laid over."""
        return f"{self.folder}/tune/{tracker}.{suffix}"

    def vot_official(self, tracker: str) -> str:
        return f"{self.folder}/vot_official/{tracker}.json"

    # Report

    def report(self, file: str) -> str:
        return f"{self.folder}/report/{file}"

    @property
    def manifest(self) -> str:
        return self.report("manifest.json")

    @property
    def table(self) -> str:
        return self.report("otb2015_summary.csv")

    @property
    def verdicts(self) -> str:
        """What the statistics of the run say of each experiment."""
        return self.report("statistics.json")

    def table_of(self, name: str, suffix: str) -> str:
        """A table of the thesis: csv, tex."""
        return f"{self.folder}/tables/{name}.{suffix}"

    @property
    def figures(self) -> str:
        """Folder of the plots."""
        return self.report("figures")

    @property
    def pictures(self) -> str:
        return self.report("pictures/pictures.json")

    @property
    def strips(self) -> str:
        """What the page shows of sequences."""
        return self.report("strips.json")

    @property
    def score_maps(self) -> str:
        return self.report("maps.json")

    @property
    def similarity(self) -> str:
        return self.report("similarity.json")

    @property
    def page(self) -> str:
        return self.report("index.html")
