"""Everything that can be set: one frozen dataclass per stage; the YAML mirrors this tree.

The defaults are the thesis's settings as `docs/decisions.md` resolves them; `D5` points at row 5 of
that table. `config.yaml` overrides them with the small demo.
"""

from chromatrack.settings.clips import BackOffSettings, ClipSettings, SourceSettings
from chromatrack.settings.colorization import ColorizationSettings, SingleVideoSettings, Trunk
from chromatrack.settings.data import DataSettings, TrackingLayout, TrackingSource
from chromatrack.settings.evaluation import (
    BenchmarkSettings,
    Classical,
    OwnTracker,
    PropagationSettings,
    TrackerSettings,
)
from chromatrack.settings.experiments import ExperimentSettings, thesis_experiments
from chromatrack.settings.fusion import AuxiliarySettings, FineTuneSettings, FusionSettings
from chromatrack.settings.labels import AnalysisSettings, LabelSettings
from chromatrack.settings.siamfc import CropSettings, SiamFCSettings
from chromatrack.settings.statistics import StatisticsSettings
from chromatrack.settings.tuning import TuneSettings
from chromatrack.settings.whole import (
    ComputeSettings,
    Settings,
    from_json,
    from_mapping,
    load_config,
    to_json,
)
from chromatrack.settings.world import WorldSettings

__all__ = [
    "AnalysisSettings",
    "AuxiliarySettings",
    "BackOffSettings",
    "BenchmarkSettings",
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
    "OwnTracker",
    "PropagationSettings",
    "Settings",
    "SiamFCSettings",
    "SingleVideoSettings",
    "SourceSettings",
    "StatisticsSettings",
    "TrackerSettings",
    "TrackingLayout",
    "TrackingSource",
    "Trunk",
    "TuneSettings",
    "WorldSettings",
    "from_json",
    "from_mapping",
    "load_config",
    "thesis_experiments",
    "to_json",
]
