"""The original's web app and driver, with ONNX Runtime in CNTK's place and a bundle in its model's.

As the original: one process, one request at a time, Pillow, the same contract. A run uses every core.
"""
import base64
import json
import os
import timeit
from io import BytesIO

import numpy as np
import onnxruntime
from flask import Flask, Response, request
from PIL import Image, ImageOps

FOLDER = os.environ['MODEL_DIR']
with open(os.path.join(FOLDER, 'model.json')) as file:
    manifest = json.load(file)
with open(os.path.join(FOLDER, manifest['labels'])) as file:
    labels = [line.rstrip() for line in file]
session = onnxruntime.InferenceSession(
    os.path.join(FOLDER, manifest['model']), providers=['CPUExecutionProvider'])

given, output = manifest['input'], manifest['output']
gray = given['channels'] == 'gray'
unit = 255 if given.get('scale') == '0..1' else 1
mean = np.array(given.get('mean', [0]), dtype=np.float32)
std = np.array(given.get('std', [1]), dtype=np.float32)

app = Flask(__name__)


def classify(image):
    picture = Image.open(BytesIO(base64.b64decode(image))).convert('L' if gray else 'RGB')
    picture = ImageOps.fit(picture, (given['width'], given['height']), Image.LANCZOS)
    pixels = np.array(picture, dtype=np.float32).reshape(given['height'], given['width'], -1)
    if given.get('invert'):
        pixels = 255 - pixels
    pixels = (pixels / unit - mean) / std
    data = np.ascontiguousarray(np.rollaxis(pixels, 2))[np.newaxis]
    scores = np.squeeze(session.run([output['name']], {given['name']: data})[0])
    if output['kind'] == 'logits':
        exponents = np.exp(scores - scores.max())
        scores = exponents / exponents.sum()
    best = (-scores).argsort()[:3]
    return [(labels[index], float(scores[index] * 100)) for index in best]


@app.route('/score', methods=['POST'])
def score():
    if request.headers['Content-Type'] != 'application/json':
        return Response(json.dumps({}), status=415, mimetype='application/json')
    start = timeit.default_timer()
    result = [classify(image) for image in json.loads(request.json['input'])]
    took = round((timeit.default_timer() - start) * 1000, 2)
    return json.dumps({'result': (result, f'Computed in {took} ms')})


@app.route('/')
def healthy():
    return 'Healthy'
