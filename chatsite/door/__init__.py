"""Where strangers come in: connections, requests and frames, bounded before anything is kept."""
