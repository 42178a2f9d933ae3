# Requires the scores of all trackers. Produces the table, the plots and the page of the run, and
# puts its table where everybody looks for it.

from chromatrack.plan import shown, timing, viewer
from chromatrack.reporting.thesis_tables import TABLES

THESIS_TABLES = [PLACES.table_of(name, "csv") for name in TABLES]


# A grey video coloured by what the network copies: how well it points, to look at.
rule colorize:
    input:
        world=asked(shown.coloured_data),
        checkpoint=PLACES.colorization(f"{{trunk}}-pretrained-seed{SETTINGS.seeds[0]}"),
    output:
        video=PLACES.colorized("{trunk}"),
    log:
        PLACES.log("colorized/{trunk}"),
    benchmark:
        PLACES.usage("colorized/{trunk}")
    conda:
        "../../envs/chromatrack.yaml"
    threads: SETTINGS.compute.threads
    resources:
        **needs("colorize"),
        compute=COMPUTE,
    params:
        data=asked(shown.coloured_on),
        settings=as_is(arguments.soft_propagation(SETTINGS)),
        version=(VERSIONS["colorize"], VERSIONS["propagate"]),
    shell:
        "chromatrack colorize --checkpoint {input.checkpoint:q} --output {output.video:q}"
        " --settings {params.settings:q} --compute {resources.compute:q}"
        " {params.data:q} > {log:q} 2>&1"


rule pictures:
    input:
        colorized=shown.coloured(SETTINGS),
        labels=label_shards,
    output:
        index=PLACES.pictures,
    log:
        PLACES.log("pictures"),
    benchmark:
        PLACES.usage("pictures")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("pictures"),
    params:
        version=VERSIONS["report"],
    shell:
        "chromatrack pictures --labels {input.labels:q} --colorized {input.colorized:q}"
        " --output {output.index:q} > {log:q} 2>&1"


# What the page shows of sequences: pictures, boxes, overlaps, masks.
rule strips:
    input:
        shown=viewer.strips_of(SETTINGS),
    output:
        strips=PLACES.strips,
    log:
        PLACES.log("strips"),
    benchmark:
        PLACES.usage("strips")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("strips"),
    params:
        config=as_is(viewer.strips_read(SETTINGS)),
        version=VERSIONS["strips"],
    shell:
        "chromatrack strips --settings {params.config:q} --output {output.strips:q}"
        " > {log:q} 2>&1"


# Score maps of both branches and of their mix, at frames of those strips.
rule score_maps:
    input:
        strips=PLACES.strips,
        shown=viewer.maps_of(SETTINGS),
    output:
        maps=PLACES.score_maps,
    log:
        PLACES.log("score_maps"),
    benchmark:
        PLACES.usage("score_maps")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("score_maps"),
        compute=COMPUTE,
    params:
        config=as_is(viewer.maps_read(SETTINGS)),
        version=VERSIONS["score-maps"],
    shell:
        "chromatrack score-maps --settings {params.config:q} --compute {resources.compute:q}"
        " --strips {input.strips:q} --output {output.maps:q} > {log:q} 2>&1"


# What each pretrained network sees in two frames: where a cell of the one points to in the other.
rule similarity:
    input:
        shown=viewer.similarity_of(SETTINGS),
    output:
        similarity=PLACES.similarity,
    log:
        PLACES.log("similarity"),
    benchmark:
        PLACES.usage("similarity")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("similarity"),
        compute=COMPUTE,
    params:
        config=as_is(viewer.similarity_read(SETTINGS)),
        version=VERSIONS["similarity"],
    shell:
        "chromatrack similarity --settings {params.config:q} --compute {resources.compute:q}"
        " --output {output.similarity:q} > {log:q} 2>&1"


rule manifest:
    input:
        **shown.report_files(SETTINGS),
        ledgers=ledgers,
    output:
        manifest=PLACES.manifest,
    log:
        PLACES.log("manifest"),
    benchmark:
        PLACES.usage("manifest")
    conda:
        "../../envs/chromatrack.yaml"
    params:
        config=as_is(to_json(reported(SETTINGS))),
        version=VERSIONS["report"],
    shell:
        "chromatrack manifest --settings {params.config:q} --output {output.manifest:q}"
        " > {log:q} 2>&1"


rule statistics:
    input:
        manifest=PLACES.manifest,
        scores=shown.scores(SETTINGS),
    output:
        statistics=PLACES.verdicts,
    log:
        PLACES.log("statistics"),
    benchmark:
        PLACES.usage("statistics")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("statistics"),
    params:
        settings=as_is(to_json(SETTINGS.statistics)),
        version=VERSIONS["report"],
    shell:
        "chromatrack statistics --manifest {input.manifest:q} --settings {params.settings:q}"
        " --output {output.statistics:q} > {log:q} 2>&1"


rule summary:
    input:
        manifest=PLACES.manifest,
        statistics=PLACES.verdicts,
    output:
        table=report(
            PLACES.table,
            category="Summary",
            labels={"table": "summary"},
            caption="../report/summary.rst",
        ),
    log:
        PLACES.log("summary"),
    benchmark:
        PLACES.usage("summary")
    conda:
        "../../envs/chromatrack.yaml"
    params:
        version=VERSIONS["report"],
    shell:
        "chromatrack summary --manifest {input.manifest:q} --statistics {input.statistics:q}"
        " --output {output.table:q} > {log:q} 2>&1"


rule figures:
    input:
        manifest=PLACES.manifest,
    output:
        folder=report(
            directory(PLACES.figures),
            patterns=["{plot}.svg"],
            category="Plots",
            labels={"plot": "{plot}"},
            caption="../report/plot.rst",
        ),
    log:
        PLACES.log("figures"),
    benchmark:
        PLACES.usage("figures")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("figures"),
    params:
        version=VERSIONS["report"],
    shell:
        "chromatrack figures --manifest {input.manifest:q} --output {output.folder:q}"
        " > {log:q} 2>&1"


rule page:
    input:
        manifest=PLACES.manifest,
        statistics=PLACES.verdicts,
        table=PLACES.table,
    output:
        page=report(
            PLACES.page,
            category="Page",
            labels={"page": "all of the run"},
            caption="../report/page.rst",
        ),
    log:
        PLACES.log("page"),
    benchmark:
        PLACES.usage("page")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("page"),
    params:
        version=VERSIONS["report"],
    shell:
        "chromatrack page --manifest {input.manifest:q} --output {output.page:q}"
        " > {log:q} 2>&1"


# A table of the thesis, its numbers and the run's.
rule table:
    input:
        manifest=PLACES.manifest,
        statistics=PLACES.verdicts,
        scores=shown.scores(SETTINGS),
    output:
        csv=report(
            PLACES.table_of("{table}", "csv"),
            category="Tables of the thesis",
            labels={"table": "{table}"},
            caption="../report/table.rst",
        ),
        tex=PLACES.table_of("{table}", "tex"),
    log:
        PLACES.log("tables/{table}"),
    benchmark:
        PLACES.usage("tables/{table}")
    wildcard_constraints:
        table=one_of(TABLES),
    conda:
        "../../envs/chromatrack.yaml"
    params:
        version=VERSIONS["report"],
    shell:
        "chromatrack table {wildcards.table} --manifest {input.manifest:q}"
        " --statistics {input.statistics:q} --output {output.csv:q} > {log:q} 2>&1"


# All of them. Nothing depends on it: it is asked for by name.
rule tables:
    input:
        THESIS_TABLES,


# The speed of trackers, with nothing beside it: a job of all cores. Asked for by name, and none of
# `tables`: times are never equal twice.
rule speed:
    input:
        world=asked(timing.data),
        trackers=asked(timing.files),
    output:
        csv=PLACES.table_of("speed", "csv"),
        tex=PLACES.table_of("speed", "tex"),
    log:
        PLACES.log("tables/speed"),
    benchmark:
        PLACES.usage("tables/speed")
    conda:
        "../../envs/chromatrack.yaml"
    threads: all_cores
    resources:
        **needs("speed"),
        compute=COMPUTE,
    params:
        config=asked(timing.read),
        version=(VERSIONS["speed"], VERSIONS["track"]),
    shell:
        "chromatrack speed --settings {params.config:q} --output {output.csv:q}"
        " --compute {resources.compute:q} > {log:q} 2>&1"


# The table of the configuration at hand. It takes the page along, so that asking for the table
# leaves everything to look at.
rule publish:
    input:
        table=PLACES.table,
        page=PLACES.page,
        figures=PLACES.figures,
    output:
        table=SUMMARY,
    log:
        PLACES.log("publish"),
    conda:
        "../../envs/chromatrack.yaml"
    shell:
        "cp {input.table:q} {output.table:q} > {log:q} 2>&1"
