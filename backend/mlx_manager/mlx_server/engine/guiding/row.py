"""One sequence's guide while it decodes."""

from mlx_manager.mlx_server.engine.guiding.masks import Mask
from mlx_manager.mlx_server.engine.guiding.matching import GuideFault
from mlx_manager.mlx_server.engine.guiding.phases import Over
from mlx_manager.mlx_server.engine.guiding.plan import GuidePlan
from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary


class GuideRow:
    """Says which tokens may come next, and follows those that came.

    Args:
        max_tokens: most tokens that the sequence may draw.
    """

    def __init__(self, plan: GuidePlan, vocabulary: GuideVocabulary, max_tokens: int) -> None:
        self._vocabulary = vocabulary
        self._remaining = max_tokens
        self._phase = plan.begin()
        self._fault: GuideFault | None = None

    def mask(self) -> Mask | None:
        """The tokens that may be drawn next; None where all may.

        Raises:
            GuideFault: nobody can tell, now or since an earlier token.
        """
        if self._fault is not None:
            raise self._fault
        return self._phase.mask(self._remaining)

    def note(self, token_id: int) -> bool:
        """Follow a drawn token, which is none that ends the sequence.

        Returns:
            Whether the text is complete, so that no token need tell its end.
        """
        self._remaining -= 1
        try:
            self._phase = self._phase.take(token_id, self._vocabulary.bytes_of(token_id))
        except GuideFault as fault:  # the step has other rows: the next draw of this one tells it
            self._fault = fault
        return isinstance(self._phase, Over)
