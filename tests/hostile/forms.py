"""Good songs in forms that mean harm: names that lead elsewhere, fields that are not as agreed."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.common import Upload, good_wav

UUID = "0a5c2f5e-6d5c-4b8e-9a57-0d8f4f1c2b3a"

# `pwned` is what the test looks for outside the home folder.
NAMES = """
../../../pwned.wav
..\\..\\..\\pwned.wav
/tmp/pwned.wav
C:\\pwned.wav
\\\\host\\share\\pwned.wav
%2e%2e%2f%2e%2e%2fpwned.wav
....//....//pwned.wav
pwned:stream.wav
-rf pwned.wav
$(touch pwned).wav
`touch pwned`.wav
.
..
/
.wav
NUL
con.wav
pwned. . .wav
pwned<img src=x onerror=alert(1)>.wav
~root/pwned.wav
pwned%00.wav
pwned%s%n{0}.wav
""".strip().splitlines()
NAMES += [
    "",
    " ",
    "pwned.wav\0.txt",
    "pwned\r\nX-Evil: 1.wav",
    "pwned\u202egpj.wav",
    "\u0301.wav",
    "pwned\x1b[2J.wav",
    "\ufeffpwned.wav",
]
NAMES += ["🎵" * 300 + ".wav", "a" * 5000 + ".wav", "월" * 200 + ".wav"]

FIELDS = {
    "task_id": [
        "..",
        ".",
        "0",
        "../../pwned",
        "/tmp/pwned",
        "null",
        "a" * 10000,
        f"{UUID}/../x",
        "0a5c2f5e\x00",
        "１２３",
        "' or 1=1 --",
        f"{{{UUID}}}x",
        "C:\\x",
        "%2e%2e",
    ],
    "preset_name": [
        "../my_preset",
        "/etc/passwd",
        "no_such",
        "my_preset/../../x",
        "my_preset.exe",
        "a" * 10000,
        "..",
        "nul\0",
        "%2e%2e/x",
        "x.json.json",
    ],
    "output_format": ["exe", "../wav", "wav/../../x", "a" * 10000, "wav;mp3", "0", "{}"],
    "callback_url": [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "http://",
        "javascript:alert(1)",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "gopher://127.0.0.1/_x",
        "http://169.254.169.254/latest",
        "not a url",
        "http://a b/",
        "//127.0.0.1/x",
        "http://" + "a" * 70000,
    ],
}


def bad_names() -> Iterator[Upload]:
    """A good song under names that try to leave the folder, or that no file system holds."""
    for i, name in enumerate(NAMES):
        yield Upload(f"name-{i}-{ascii(name)[:30]}", name, good_wav())


def bad_fields() -> Iterator[Upload]:
    """A good song with one field that is not as agreed."""
    for key, values in FIELDS.items():
        for i, value in enumerate(values):
            yield Upload(f"{key}-{i}-{ascii(value)[:30]}", "pwned.wav", good_wav(), {key: value})
