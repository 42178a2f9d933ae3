# Requires a clip list and a source of videos. Produces, per shard of the list, a ledger with one row
# per clip, and the clips beside it. Clips are no outputs of a rule: what is earned is never deleted.

CLIP_SETTINGS = layout.clip_settings(SETTINGS)
CLIP_LIST = layout.clip_list(SETTINGS)
CLIPS_FROM = {} if DATA.world or CLIP_LIST is None else {"clip_list": str(CLIP_LIST)}


checkpoint shards:
    input:
        **CLIPS_FROM,
        world=of_world("kinetics"),
    output:
        index=PLACES.shards,
    log:
        PLACES.log("shards"),
    benchmark:
        PLACES.usage("shards")
    conda:
        "../../envs/chromatrack.yaml"
    params:
        clip_list=(
            f"--got10k={CLIP_LIST.parent}"
            if CLIP_SETTINGS.source.kind == "got10k"
            else str(CLIP_LIST)
        ),
        folder=subpath(output.index, parent=True),
        shard_size=SETTINGS.clips.shard_size,
        version=remade_with("shards", lambda wildcards: CLIPS_FROM),
    shell:
        "chromatrack shards {params.clip_list:q} --output {params.folder:q}"
        " --shard-size {params.shard_size} > {log:q} 2>&1"


rule fetch:
    input:
        world=of_world("kinetics"),
        shard=PLACES.shard("{shard}"),
    output:
        ledger=PLACES.ledger("{shard}"),
    log:
        PLACES.log("fetch/{shard}"),
    benchmark:
        PLACES.usage("fetch/{shard}")
    conda:
        "../../envs/chromatrack.yaml"
    resources:
        **needs("fetch"),
        # How a site is asked makes nothing again.
        manners=canonical_json(CLIP_SETTINGS.manners()),
        compute=COMPUTE,
    params:
        settings=read_by("fetch"),
        clips=PLACES.clips_of("{shard}"),
        gate=PLACES.gate,
        version=VERSIONS["fetch"],
    shell:
        "chromatrack fetch --shard {input.shard:q} --clips {params.clips:q}"
        " --ledger {output.ledger:q} --gate {params.gate:q} --settings {params.settings:q}"
        " --manners {resources.manners:q} --compute {resources.compute:q} > {log:q} 2>&1"
