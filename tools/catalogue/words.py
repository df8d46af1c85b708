"""Titles and purposes, made of what a file is called; tables/by_hand.json has better ones for what people know well."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inference.catalogue.record import Category
from inference.catalogue.stems import canonical

FAMILIES = {
    "apollo": "Apollo",
    "bandit": "BandIt Plus",
    "bandit_v2": "BandIt v2",
    "bs_roformer": "BS-Roformer",
    "htdemucs": "HTDemucs",
    "legacy_demucs": "Demucs",
    "legacy_tasnet": "Conv-TasNet",
    "mdx23c": "MDX23C",
    "mel_band_roformer": "Mel-Band Roformer",
    "scnet": "SCNet",
    "segm_models": "Segmentation models",
    "swin_upernet": "Swin UperNet",
    "vr": "VR",
}
AUTHORS = {
    "aname": "Aname",
    "anvuew": "anvuew",
    "aufr33": "aufr33",
    "becruily": "becruily",
    "essid": "Essid",
    "frazer": "frazer",
    "gabox": "Gabox",
    "gilliaan": "Gilliaan",
    "gonza": "Gonza",
    "jarredou": "jarredou",
    "mesk": "mesk",
    "mvsep": "MVSep",
    "syhft": "SYH99999",
    "unwa": "unwa",
    "viperx": "viperx",
}
WORDS = {
    "aggr": "aggressive",
    "bve": "backing vocals",
    "deverb": "de-reverb",
    "dereverb": "de-reverb",
    "denoise": "de-noise",
    "inst": "instrumental",
    "voc": "vocals",
    "instvoc": "vocals and instrumental",
    "prev": "preview",
}
NOISE = {
    "model",
    "checkpoint",
    "mel",
    "band",
    "bs",
    "roformer",
    "melband",
    "mbr",
    "scnet",
    "htdemucs",
    "mdx23c",
    "apollo",
    "uvr",
    "state",
    "dict",
}
SPLIT = (
    (r"(?i)mel[_-]?band[_-]?roformer", " "),
    (r"(?i)bs[_-]?ro(?:for|fo)mer|bsrofomer", " "),
    (r"(?i)syhft", " syhft "),
    (r"(?i)gaboxaufr", "gabox aufr33"),
    (r"(?i)gabox(?=[A-Z])", "gabox "),
    (r"(?i)^inst(?=v\d|_)", "inst "),
    (r"(?i)instrumental_instv", "inst v"),
    (r"(?i)instv(?=\d)", "inst v"),
    (r"(?i)(\d)_?stems?", "\\1 stems "),
    (r"(?i)vocfv", "voc fv"),
    (r"(?i)sdr_([\d.]+)", ""),
    (r"(?i)l1_freq_[\d.]+", ""),
    (r"(?i)ep_(\d+)", "epoch \\1"),
    (r"[_\-]+", " "),
)

BASES: dict[Category, str] = {
    "vocals": "Takes the singing out of a song",
    "instrumental": "Takes the singing away and keeps the instruments",
    "karaoke": "Takes the lead singing away and leaves backing voices with the band",
    "multi_stem": "Splits a song into {stems}",
    "drums": "Takes the {target} out of a song",
    "instrument": "Takes the {target} out of a song",
    "dereverb": "Takes reverb off a voice",
    "denoise": "Takes noise out of a recording",
    "restoration": "Gives music back what lossy compression took",
    "speech": "Takes speech out of noise and music",
    "cinematic": "Splits the sound of a film into speech, music and effects",
    "crowd": "Takes applause and cheering out of a live recording",
    "breath": "Takes breathing out of a clean voice",
    "choir": "Splits a choir into {stems}; give it singing without instruments",
    "singers": "Splits singing into {stems}; give it vocals, not a whole song",
    "spatial": "Splits the stereo picture into {stems}",
    "legacy": "Splits a song into {stems}, with a program of earlier years",
    "other": "Computes {stems}",
}
BY_AIM = {
    ("karaoke", "vocals"): "Takes the lead singing out of a song; backing voices stay with the band",
    ("karaoke", "lead vocals"): "Takes the lead singing out of a song; backing voices stay with the band",
    ("karaoke", "backing vocals"): "Takes the backing voices out of a song",
    ("spatial", "middle"): "Takes what is in the middle of the stereo picture out of a song",
    ("spatial", "sides"): "Takes what differs between both channels out of a song",
    ("singers", "male"): "Splits singing into the voices of men and of women; give it vocals, not a whole song",
}
"""Where the stem that is computed says more than the shelf."""

LEADS: dict[Category, str] = {
    "vocals": "Vocals",
    "instrumental": "Instrumental",
    "karaoke": "Karaoke",
    "choir": "Choir",
    "dereverb": "De-reverb",
    "denoise": "De-noise",
}
"""What a title begins with that would otherwise only be letters and numbers."""

TRAITS = (
    ("bleedless", "for less bleed, at the price of some fullness"),
    ("fullness", "for a fuller sound, at the price of more bleed"),
    ("aggressive", "the more thorough of two"),
    ("fusion_standard", "the gentler of two"),
    ("small", "a small network"),
    ("metal", "trained for metal"),
    ("jazz", "trained for jazz"),
)
LARGE, SMALL = 1_400_000_000, 100_000_000  # bytes of a file


def title_of(name: str, family: str, category: Category, stems: Sequence[str]) -> str:
    """A title that can be read, from the name of a file: "Instrumental FV8 by Gabox (Mel-Band Roformer)"."""
    label = FAMILIES.get(family, family)
    mega = re.fullmatch(r"bs_mega_53stem_(.+)_mvsep", name)
    if mega:
        return f"{_upper(canonical(mega[1]))} by MVSep ({label})"
    text = name
    for pattern, instead in SPLIT:
        text = re.sub(pattern, instead, text)
    words = [word for word in text.split() if word.casefold() not in NOISE]
    authors = list(dict.fromkeys(AUTHORS[word.casefold()] for word in words if word.casefold() in AUTHORS))
    said = " ".join(_word(word) for word in words if word.casefold() not in AUTHORS or word.casefold() == "syhft")
    lead = f"{len(stems)} stems" if category == "multi_stem" else LEADS.get(category, "")
    if lead.rstrip("s").casefold() not in said.casefold():
        said = f"{lead}, {said}" if said else lead
    by = f" by {' and '.join(authors)}" if authors else ""
    return f"{_upper(said) or 'Unnamed'}{by} ({label})"


def purpose_of(name: str, category: Category, stems: Sequence[str], target: str | None, size: int) -> str:
    """One sentence on what a model is for, from where it stands and what it is called."""
    aim = canonical(target or stems[0], stems)
    said = BY_AIM.get((category, aim)) or BASES[category].format(stems=_listed(stems), target=aim)
    if category in ("drums", "instrument") and target is None and len(stems) > 2:
        said = f"Splits a song into {_listed(stems)}"
    if category in ("vocals", "instrumental") and target is None:
        said = "Splits a song into singing and instrumental"
    traits = [text for word, text in TRAITS if word in name.casefold()]
    if size > LARGE:
        traits.append("a large network, and slow")
    elif size < SMALL and "a small network" not in traits and category != "legacy":
        traits.append("a small network")
    return f"{said}; {', '.join(traits)}." if traits else f"{said}."


def _word(word: str) -> str:
    folded = word.casefold()
    if folded in WORDS:
        return WORDS[folded]
    return word.upper() if re.fullmatch(r"f?v\d+\w?|ft\d*|hq|is|syhft|fvx|fv7z", folded) else word


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(stem: str) -> str:
    return stem.replace("_", " ").replace("-", " ")


def _listed(stems: Sequence[str]) -> str:
    """For the middle of a sentence: "drums, bass and vocals"."""
    names = ["the rest" if stem.casefold() == "other" and len(stems) > 2 else _plain(stem).lower() for stem in stems]
    names.sort(key=lambda name: name == "the rest")
    if len(names) > 8:
        return f"{len(names)} stems"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
