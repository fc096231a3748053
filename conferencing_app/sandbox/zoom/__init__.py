"""The part that plays Zoom: OAuth, users and meetings, under `/zoom`."""
