/** Decoded pixels, 8 bits each, row by row, channels interleaved; 1 channel is gray, 3 are red, green and blue. */
export interface Pixels {
  data: Uint8Array
  channels: 1 | 3
}
