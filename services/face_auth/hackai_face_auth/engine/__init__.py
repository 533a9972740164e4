"""From a picture to faces: verified models, detection, landmarks, embeddings."""
