"""What can be said about a sound: figures, key and tempo, a picture, and how near it is to another one.

figures.py      level, loudness, bandwidth           quality.py   the stems of a song: what they lack of it, what they have of each other
score.py        against a reference: SDR, SI-SDR     bleed.py     how much of the others a stem holds
key.py tempo.py of a piece of music                  describe.py  a file in figures
spectrogram.py png.py   a picture                    copies.py    a song as its stems are: lossless, of their rate and length

All read streams; what they keep does not grow with the song, or by some bytes for each second. NumPy and scipy only.
"""
