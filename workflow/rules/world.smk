# Requires nothing. Produces the synthetic world of a demo, in the formats of the real data sets.


rule world:
    output:
        manifest=f"{RUN}/world/manifest.json",
    log:
        f"{RUN}/logs/world.log",
    conda:
        "../../envs/chromatrack.yaml"
    params:
        settings=as_is(to_json(SETTINGS.world)),
        version=VERSIONS["world"],
        folder=subpath(output.manifest, parent=True),
    shell:
        "chromatrack world --output {params.folder:q} --settings {params.settings:q}"
        " 2>&1 | tee {log:q}"
