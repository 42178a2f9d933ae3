"""An exported network as the tracker asks it: `networks.ResponseNetwork`, run by onnxruntime."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from chromatrack.errors import InputError
from chromatrack.exported import INPUT_OF, Exported
from chromatrack.graphs import cut, needed
from chromatrack.tracking.networks import Embedding, Known, Patches, affine, gathered


class OnnxNetwork:
    """The parts of the graph that the tracker needs, each a session on the CPU.

    As of `FusedNetwork`, a branch that no alpha needs is not computed, and alpha 0 is SiamFC alone.

    Args:
        alphas: one or more weights that targets choose from; by default that of the file.
        centred: see `FusedNetwork`.

    Raises:
        InputError: onnxruntime is missing, or cannot run the graph.
    """

    def __init__(
        self, exported: Exported, *, alphas: Sequence[float] | None = None, centred: bool = False
    ):
        self.scaling = exported.scaling
        self._sessions = _Sessions(exported)
        self._units = np.array(affine(exported.statistics, centred=centred), dtype=np.float32)
        self.alphas: tuple[float | None, ...] = (exported.alpha,) if alphas is None else (*alphas,)
        self._choose_branches()

    def _choose_branches(self) -> None:
        used = {
            "siamfc": any(alpha != 1 for alpha in self.alphas),
            "auxiliary": any(alpha not in (0, None) for alpha in self.alphas),
        }
        self._used = used
        both = all(used.values())
        maps = [f"{branch}_map" for branch in used if used[branch]]
        self._outputs = [*maps, "response"] if both else maps
        inputs = [f"{branch}_{side}" for branch in used if used[branch]
                  for side in ("exemplar", "search")]  # fmt: skip
        self._inputs = [*inputs, "units", *(["alpha"] if both else [])]
        for branch in used:
            if used[branch]:
                for side in ("exemplar", "search"):
                    self._sessions.of([f"{side}_{INPUT_OF[branch]}"], [f"{branch}_{side}"])
        self._sessions.of(self._inputs, self._outputs)

    def only(self, variant: int) -> OnnxNetwork:
        """This network with one of its alphas; it shares the sessions."""
        other = copy.copy(self)
        other.alphas = (self.alphas[variant],)
        other._choose_branches()
        return other

    def embed_exemplar(self, patches: Patches, known: Known | None = None) -> Embedding:
        """(T, 127, 127, 3) uint8 RGB -> embeddings of the branches; see `ResponseNetwork.embed`."""
        return self._embedded("exemplar", patches, known, lambda tensor: tensor)

    def embed(self, patches: Patches, known: Known | None = None) -> Embedding:
        """(B, 255, 255, 3) uint8 RGB -> embeddings of the branches; see `ResponseNetwork.embed`."""
        return self._embedded("search", patches, known, lambda tensor: tensor[None])

    def _embedded(
        self,
        side: str,
        patches: Patches,
        known: Known | None,
        shaped: Callable[[Tensor], Tensor],
    ) -> Embedding:
        known = {} if known is None else known
        batch = gathered(patches, torch.device("cpu"))
        seen = (self.scaling.rgb_tensor, self.scaling.grey_tensor)
        for number, branch in enumerate(self._used):
            if self._used[branch] and number not in known:
                given = f"{side}_{INPUT_OF[branch]}"
                tensor = shaped(seen[number](batch)).contiguous().numpy()
                (found,) = self._sessions.run({given: tensor}, [f"{branch}_{side}"])
                known[number] = torch.from_numpy(found if side == "exemplar" else found[0])
        return tuple(
            known[number] if self._used[branch] else None
            for number, branch in enumerate(self._used)
        )

    def respond(
        self, exemplar: Embedding, search: Embedding, variants: Sequence[int] = (0,)
    ) -> Tensor:
        """Score maps (T * S, n, n) float32 on the CPU; see `networks.ResponseNetwork`."""
        return self.respond_in_parts(exemplar, search, variants)[0]

    def respond_in_parts(
        self, exemplar: Embedding, search: Embedding, variants: Sequence[int] = (0,)
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """What `respond` gives, and the maps of both branches; see `networks.ResponseNetwork`."""
        maps = self._maps(exemplar, search, variants)
        each = iter(maps)
        return maps[-1], *(next(each) if used else None for used in self._used.values())

    def _maps(
        self, exemplar: Embedding, search: Embedding, variants: Sequence[int]
    ) -> list[Tensor]:
        given: dict[str, np.ndarray] = {"units": self._units}
        for branch, z, x in zip(self._used, exemplar, search, strict=False):
            if self._used[branch]:
                given[f"{branch}_exemplar"] = z.numpy()
                given[f"{branch}_search"] = x.unflatten(0, (len(z), -1)).numpy()
        if "alpha" in self._inputs:
            chosen = [self.alphas[variant] for variant in variants]
            given["alpha"] = np.array(chosen, dtype=np.float32).reshape(-1, 1, 1, 1)
        found = self._sessions.run(given, self._outputs)
        return [torch.from_numpy(maps).flatten(0, 1) for maps in found]


class _Sessions:
    """Sessions of onnxruntime by what they take and give, each made once."""

    def __init__(self, exported: Exported):
        self.exported = exported
        self.runtime = needed("onnxruntime")
        self.made: dict[tuple[frozenset[str], tuple[str, ...]], object] = {}

    def of(self, inputs: Sequence[str], outputs: Sequence[str]):
        key = frozenset(inputs), tuple(outputs)
        if key not in self.made:
            options = self.runtime.SessionOptions()
            options.intra_op_num_threads = torch.get_num_threads()
            options.inter_op_num_threads = 1
            options.log_severity_level = 4  # what goes wrong is raised
            try:
                self.made[key] = self.runtime.InferenceSession(
                    cut(self.exported.model, list(inputs), list(outputs)),
                    options,
                    providers=["CPUExecutionProvider"],
                )
            except Exception as error:  # onnxruntime's have no base of their own
                raise InputError(
                    f"{self.exported.path}: onnxruntime cannot run it ({_first_line(error)})"
                ) from None
        return self.made[key]

    def run(self, given: dict[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        session = self.of(list(given), outputs)
        try:
            return session.run(list(outputs), given)
        except Exception as error:
            raise InputError(
                f"{self.exported.path}: onnxruntime cannot run it ({_first_line(error)})"
            ) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
