"""On which shelf of the catalogue a model belongs."""

from __future__ import annotations

from collections.abc import Sequence

from inference.catalogue.record import Category
from inference.catalogue.stems import canonical
from tools.catalogue.facts import Published

SHELVES: dict[tuple[str, str], Category] = {
    ("cleanup", "audio_restoration"): "restoration",
    ("cleanup", "crowd_removal"): "crowd",
    ("cleanup", "noise_bleed_control"): "denoise",
    ("instrumental", ""): "instrumental",
    ("karaoke", ""): "karaoke",
    ("legacy_models", ""): "legacy",
    ("legacy_vr", "vr_backing_vocal"): "karaoke",
    ("legacy_vr", "vr_deecho"): "dereverb",
    ("legacy_vr", "vr_deecho_dereverb"): "dereverb",
    ("legacy_vr", "vr_denoise"): "denoise",
    ("legacy_vr", "vr_dereverb"): "dereverb",
    ("legacy_vr", "vr_harmonic_noise"): "breath",
    ("legacy_vr", "vr_hp2"): "instrumental",
    ("legacy_vr", "vr_instrumental_extraction"): "instrumental",
    ("legacy_vr", "vr_karaoke"): "karaoke",
    ("legacy_vr", "vr_mgm"): "instrumental",
    ("legacy_vr", "vr_sp"): "instrumental",
    ("legacy_vr", "vr_vocal_extraction"): "vocals",
    ("legacy_vr", "vr_wind_instrumental"): "instrument",
    ("music_stems", "dnr_stems"): "cinematic",
    ("music_stems", "drum_stems"): "drums",
    ("music_stems", "four_stem"): "multi_stem",
    ("music_stems", "six_stem"): "multi_stem",
    ("reverb_echo_control", "dereverb"): "dereverb",
    ("reverb_echo_control", "dereverb_deecho"): "dereverb",
    ("single_instrument", "bass"): "instrument",
    ("single_instrument", "drums_percussion"): "drums",
    ("single_instrument", "guitar"): "instrument",
    ("single_instrument", "strings"): "instrument",
    ("spatial", "mono_stereo_duality"): "spatial",
    ("spatial", "phantom_center_wide"): "spatial",
    ("special", ""): "spatial",
    ("vocal", "aspiration_breath"): "breath",
    ("vocal", "choir_vocal"): "choir",
    ("vocal", "duet_vocal"): "singers",
    ("vocal", "speech_vocal"): "speech",
    ("vocal", "vocal_extraction"): "vocals",
    ("vocal", "vocal_gender_chorus"): "singers",
}
"""By category and subcategory of the extended list, where these are enough."""

BY_STEM: dict[str, Category] = {
    "vocals": "vocals",
    "instrumental": "instrumental",
    "lead vocals": "karaoke",
    "backing vocals": "karaoke",
    "speech": "cinematic",
    "restored": "restoration",
    "dry": "dereverb",
    "crowd": "crowd",
    "middle": "spatial",
    "kick": "drums",
    "snare": "drums",
    "toms": "drums",
    "hi-hat": "drums",
    "drums": "drums",
    "male": "singers",
    "aspiration": "breath",
}
"""By what is computed first, where the lists do not say what a model is for."""


def shelf(model: Published, stems: Sequence[str], target: str | None) -> Category:
    """The category of a model, by the lists, else by its stems.

    Args:
        model: as the lists say it.
        stems: all that it finds.
        target: the one that it was trained for, if it is one.
    """
    found = SHELVES.get(model.shelf)
    names = [canonical(stem, stems) for stem in stems]
    if found == "denoise" and canonical(target or "") in ("vocals", "instrumental") and "bleedless" in model.name:
        return "vocals" if canonical(target or "") == "vocals" else "instrumental"
    if found is not None:
        return found
    if target is None and {"drums", "bass"} <= set(names):
        return "multi_stem"
    if target == "other" and len(stems) <= 2:
        return "instrumental"
    aim = canonical(target, stems) if target else names[0]
    return BY_STEM.get(aim, "instrument" if model.shelf[0] == "music_stems" else "other")
