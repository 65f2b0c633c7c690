"""The online service: upload, hear, adjust, download. A Django project; needs the extra `tonewright[server]`."""
