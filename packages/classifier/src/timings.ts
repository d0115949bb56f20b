/**
 * What a request's time in its worker went into: for each run of the model four numbers, in milliseconds — when the
 * decoding of its image began (by `process.hrtime`, the one clock that all threads share), how long it took, when the run
 * began, how long it took. A prepared tensor has no decoding: its first two numbers are 0. A flat list, because it crosses
 * threads with every answer.
 *
 * All are wall-clock times. A worker decodes one image while it runs another, and takes up what was decoded only after
 * that run, so with requests in flight a decoding's time includes such a wait. A run that takes several images counts in
 * full for each.
 */
export type Timings = number[]

/** Numbers for each run. */
export const TIMINGS_PER_RUN = 4
