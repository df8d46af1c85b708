"""The spectrogram of the vocal removers: band layouts, the combined spectrogram and back, masks and what is done to them."""
