"""What the models that a project keeps in its files have in common."""

from pydantic import BaseModel, ConfigDict


class Stored(BaseModel):
    """Base of all that is kept in files: frozen, finite numbers, and no unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
