"""Everything that can be set: one frozen dataclass per stage; the YAML mirrors this tree.

The defaults are the thesis's settings as `docs/decisions.md` resolves them; `D5` points at row 5 of
that table. `config.yaml` overrides them with the small demo.
"""

from chromatrack.settings.clips import BackOffSettings, ClipSettings, SourceSettings
from chromatrack.settings.data import DataSettings, TrackingLayout, TrackingSource, WorldSettings
from chromatrack.settings.labels import AnalysisSettings, LabelSettings
from chromatrack.settings.networks import (
    ColorizationSettings,
    CropSettings,
    FineTuneSettings,
    FusionSettings,
    SiamFCSettings,
    Trunk,
)
from chromatrack.settings.single_video import SingleVideoSettings
from chromatrack.settings.tracking import (
    Classical,
    ExperimentSettings,
    PropagationSettings,
    TrackerSettings,
    thesis_experiments,
)
from chromatrack.settings.whole import (
    ComputeSettings,
    Settings,
    from_json,
    from_mapping,
    load_config,
    slice_json,
    to_json,
)

__all__ = [
    "AnalysisSettings",
    "BackOffSettings",
    "Classical",
    "ClipSettings",
    "ColorizationSettings",
    "ComputeSettings",
    "CropSettings",
    "DataSettings",
    "ExperimentSettings",
    "FineTuneSettings",
    "FusionSettings",
    "LabelSettings",
    "PropagationSettings",
    "Settings",
    "SiamFCSettings",
    "SingleVideoSettings",
    "SourceSettings",
    "TrackerSettings",
    "TrackingLayout",
    "TrackingSource",
    "Trunk",
    "WorldSettings",
    "from_json",
    "from_mapping",
    "load_config",
    "slice_json",
    "thesis_experiments",
    "to_json",
]
