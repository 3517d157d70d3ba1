"""Judgement of picks by the reconstruction that RELION made of them."""
