"""What one writes first: FastAPI, multipart, Pillow, NumPy, default threads. Only for comparison."""

from __future__ import annotations

import io
import os

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI, UploadFile
from PIL import Image

app = FastAPI()
session = onnxruntime.InferenceSession(os.environ["PLAIN_MODEL"], providers=["CPUExecutionProvider"])
size = int(os.environ["PLAIN_SIZE"])


@app.post("/predict")
def predict(file: UploadFile) -> dict[str, list[float]]:
    """Judge a picture."""
    image = Image.open(io.BytesIO(file.file.read())).convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    logits = session.run(["logits"], {"images": np.asarray(image)[np.newaxis]})[0][0]
    powers = np.exp(logits - logits.max())
    return {"probabilities": (powers / powers.sum()).tolist()}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PLAIN_PORT"]), log_level="warning")
