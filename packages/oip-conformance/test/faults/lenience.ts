import { accepts, type Body, errors, fault, infer400, VERSIONED } from './kit.js'

/** A server that does not look at one thing: what goes unnoticed, and with which text the correct server refuses it. */
const taken: Record<string, RegExp> = {
  'an empty body': /an empty body/,
  'a body that is no object': /the body is no object/,
  'a request without inputs': /a request needs inputs/,
  'inputs that are no list': /inputs are no list/,
  'an empty list of inputs': /one input/,
  'an input of an unknown name': /unknown input/,
  'an input without a name': /an input needs a name/,
  'an input without a shape': /needs a shape/,
  'an input without a datatype': /needs a datatype/,
  'an input without data': /needs data/,
  "a datatype that is not the model's": /unfit datatype $/,
  'an unknown datatype': /in lower case/,
  'a shape of more values than there are data': /fewer data/,
  'a shape of fewer values than there are data': /more data/,
  'a shape of another rank': /another rank/,
  "a shape that is not the model's": /another shape/,
  'a negative shape': /a negative shape/,
  'a shape that is not whole': /not whole/,
  'a shape of texts': /a shape of texts/,
  'ragged nested data': /ragged/,
  'data that are no list': /data are no list/,
  'data that hold a text': /data hold a text/,
  'data that hold a null': /data hold a null/,
  'an unknown output': /unknown output/,
  'outputs that are no list': /outputs are no list/,
  'BYTES that are not base64': /not base64/,
  'BYTES that are no image': /not an image/,
  'BYTES that are empty': /an empty image/,
  'BYTES that are numbers': /images are no texts/,
  'more BYTES than the shape says': /images do not fit/,
}

export const lenience = [
  ...Object.entries(taken).map(([what, refusal]) =>
    fault(`${what} would do`, infer400(what), accepts(refusal)),
  ),
  fault(
    'any name of an input would do at the path of the version',
    'infer at the path of the version answers 400 to an input of an unknown name',
    accepts(/unknown input/, VERSIONED),
  ),
  fault(
    'a shape ends the memory',
    'infer refuses a shape beyond all memory',
    errors((text) => (/beyond all memory/.test(text) ? { status: 500 } : {})),
  ),
  fault('a bad image ends the server', 'after all these requests the server still answers', (correct) => {
    let ended = false
    return (call) => {
      const reply = correct(call)
      if (/not an image/.test((reply.body as Body).error)) ended = true
      else if (ended) return { status: 500, body: { error: 'the worker is gone' } }
      return reply
    }
  }),
]
