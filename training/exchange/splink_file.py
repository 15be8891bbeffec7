"""A Splink model file: JSON as ``linker.misc.save_model_to_json`` writes it in Splink 4 and 5."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mpi.errors import InputError


class SplinkLevel(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison level, best first. A probability that Splink never estimated is missing, or a sentence that says so."""

    sql_condition: str
    label_for_charts: str = ""
    is_null_level: bool = False
    m_probability: float | str | None = None
    u_probability: float | str | None = None
    tf_adjustment_column: str | None = None
    tf_adjustment_weight: float = 1.0

    @property
    def trained(self) -> bool:
        """Whether both probabilities are known."""
        return isinstance(self.m_probability, float) and isinstance(self.u_probability, float)


class SplinkComparison(msgspec.Struct, frozen=True, kw_only=True):
    comparison_levels: tuple[SplinkLevel, ...]
    output_column_name: str = ""
    comparison_description: str = ""


class SplinkRule(msgspec.Struct, frozen=True, kw_only=True):
    blocking_rule: str
    salting_partitions: int | None = None
    arrays_to_explode: tuple[str, ...] | None = None


class SplinkModel(msgspec.Struct, frozen=True, kw_only=True):
    """What of the file has a meaning for us; other keys are how Splink runs."""

    comparisons: tuple[SplinkComparison, ...]
    probability_two_random_records_match: float = 0.0001  # Splink's default where nothing was estimated
    blocking_rules_to_generate_predictions: tuple[SplinkRule | str, ...] = ()
    link_type: str = "dedupe_only"
    sql_dialect: str = ""

    @property
    def rules(self) -> list[SplinkRule]:
        return [
            SplinkRule(blocking_rule=rule) if isinstance(rule, str) else rule
            for rule in self.blocking_rules_to_generate_predictions
        ]


def read_splink(path: Path) -> SplinkModel:
    """Read a model. Raises InputError naming the file and what is wrong, and OSError."""
    try:
        model = msgspec.json.decode(path.read_bytes(), type=SplinkModel)
    except msgspec.DecodeError as error:
        raise InputError(path.name, f"is no Splink model ({error})") from error
    if not 0 < model.probability_two_random_records_match < 1:
        raise InputError(path.name, "probability_two_random_records_match must lie between 0 and 1")
    if not model.comparisons:
        raise InputError(path.name, "has no comparisons")
    return model
