// The kernels, written once over clang's vector types and included by each variant, which sets:
//   NAME        the variant            TARGET_VL   floats in a vector register
//   ROWS        rows of a forward tile held in registers, at most 8         UNITS    units of 8 columns beside them, at most 6
//   ALONE       units of a layer that is one tile wide, at most 8           ALONE_ROWS   rows beside them
//   INPUTS      inputs of an update tile held in registers                  STEP_ROWS   rows of a step that keeps the batch in registers
// ROWS * UNITS * 8 / VL accumulators must fit the register file with UNITS * 8 / VL + 1 to spare; so for ALONE.

#include "CKernels.h"

#define VL TARGET_VL
#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

typedef float vec __attribute__((ext_vector_type(VL)));
typedef float half __attribute__((ext_vector_type(8)));        // a unit of columns that fills no vector of 16
typedef float wide __attribute__((ext_vector_type(16)));       // clang splits it where registers are narrower
typedef double dwide __attribute__((ext_vector_type(8)));
typedef int32_t iwide __attribute__((ext_vector_type(16)));
typedef uint8_t bytes16 __attribute__((ext_vector_type(16)));
typedef vec uvec __attribute__((aligned(4)));
typedef half uhalf __attribute__((aligned(4)));
typedef wide uwide __attribute__((aligned(4)));
typedef bytes16 ubytes16 __attribute__((aligned(1)));

#pragma clang fp contract(off)
// Wide vectors are passed between functions of this file alone, all of them inlined: no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

#define FMA __builtin_elementwise_fma
enum { BLOCK = SWEEP_BLOCK, ROW = SWEEP_ROW };
_Static_assert(ROWS <= SWEEP_SMALL_BATCH && STEP_ROWS <= SWEEP_SMALL_BATCH && UNITS <= 6 && ALONE <= 8, "what the switches below know");

INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }

// The part of a splat that goes with a half vector.
INLINE half low(vec v) {
#if TARGET_VL == 16
  return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
#else
  return (half)v[0];
#endif
}

// ---------------------------------------------------------------- standardising

INLINE const uint8_t *image(const sweep_batch *batch, size_t row) {
  return batch->images + (batch->rows ? batch->rows[row] : batch->first + row) * batch->inputs;
}

// `nr` rows of a block of n inputs from k0 on, as [row][ROW]; the means and scales are loaded once for all of them.
INLINE void standardise_rows(const sweep_batch *batch, size_t row, size_t k0, size_t n, float *x, const int nr) {
  const float *mean = batch->mean + k0, *scale = batch->scale + k0;
  const uint8_t *source[4];
  for (int r = 0; r < nr; r++) source[r] = image(batch, row + r) + k0;
  size_t k = 0;
  for (; k + 16 <= n; k += 16) {
    wide m = *(const uwide *)(mean + k), s = *(const uwide *)(scale + k);
    for (int r = 0; r < nr; r++) {
      wide bytes = __builtin_convertvector(__builtin_convertvector(*(const ubytes16 *)(source[r] + k), iwide), wide);
      *(uwide *)(x + r * ROW + k) = (bytes - m) * s;
    }
  }
  for (; k < n; k++)
    for (int r = 0; r < nr; r++) x[r * ROW + k] = ((float)source[r][k] - mean[k]) * scale[k];
}

INLINE void standardise(const sweep_batch *batch, size_t row, size_t count, size_t k0, size_t n, float *x) {
  size_t r = 0;
  for (; r + 4 <= count; r += 4) standardise_rows(batch, row + r, k0, n, x + r * ROW, 4);
  for (; r < count; r++) standardise_rows(batch, row + r, k0, n, x + r * ROW, 1);
}

// The next block of inputs is asked for while this one is worked on: shuffled rows are far apart, and no hardware guesses them.
INLINE void prefetch(const sweep_batch *batch, size_t k0) {
  for (size_t r = 0; r < batch->count; r++)
    for (size_t k = 0; k < BLOCK; k += 64) __builtin_prefetch(image(batch, r) + k0 + k);
}

// ---------------------------------------------------------------- tiles

// Every tile below takes its number of rows or inputs and of units as constants, and so is unrolled into registers. Its columns are `nv`
// vectors and, where vectors have 16 lanes and the units are odd, one half.
#define COLUMNS(units) const int nv = (units) * 8 / VL, nh = (units) * 8 % VL / 8
enum { NV = ALONE * 8 / VL };

INLINE int is_alone(const sweep_layer *layer) { return layer->width <= ALONE * 8; }

// Calls the macro for groups of columns, with their units as a constant: one group where the layer is no wider than ALONE, else groups of
// at most UNITS, as even as whole vectors allow.
#define EACH_GROUP(CALL)                                                                      \
  for (size_t column = 0, left; (left = (layer->width - column) / 8) > 0;) {                  \
    size_t groups = (left + UNITS - 1) / UNITS, units = (left + groups - 1) / groups;         \
    if (VL == 16 && groups > 1) units = left % 2 ? UNITS - 1 : units + units % 2;             \
    if (is_alone(layer)) units = left;                                                        \
    switch (units) {                                                                          \
    case 1: CALL(1) break;                                                                    \
    case 2: if (UNITS >= 2) { CALL(2) } break;                                                \
    case 3: if (UNITS >= 3) { CALL(3) } break;                                                \
    case 4: if (UNITS >= 4) { CALL(4) } break;                                                \
    case 5: if (UNITS >= 5) { CALL(5) } break;                                                \
    case 6: if (UNITS >= 6) { CALL(6) } break;                                                \
    case 7: if (ALONE >= 7) { CALL(7) } break;                                                \
    case 8: if (ALONE >= 8) { CALL(8) } break;                                                \
    }                                                                                         \
    column += units * 8;                                                                      \
  }

// Turns a number of rows into a constant.
#define EACH_COUNT(count, CASE) switch (count) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) }

// `nr` rows × a group of columns over n inputs. `start` is the bias (`start_stride` 0) or what the scores hold from the inputs before.
// `ahead`: the images of these rows from their next inputs on, or NULL; a line of them is asked for every 8 inputs, which hides the memory.
INLINE void forward_tile(const float *x, const float *w, size_t stride, size_t n, const float *start, size_t start_stride, float *scores,
                         const uint8_t *const *ahead, const int nr, const int units) {
  COLUMNS(units);
  vec acc[8][NV];
  half hacc[8];
  for (int r = 0; r < nr; r++) {
    for (int v = 0; v < nv; v++) acc[r][v] = *(const uvec *)(start + r * start_stride + v * VL);
    if (nh) hacc[r] = *(const uhalf *)(start + r * start_stride + nv * VL);
  }
  for (size_t k = 0; k < n;) {
    if (ahead) __builtin_prefetch(ahead[k / 32] + k % 32 * 8);
    for (size_t stop = least(k + 8, n); k < stop; k++, w += stride) {
      vec wv[NV];
      half wh;
      for (int v = 0; v < nv; v++) wv[v] = *(const uvec *)(w + v * VL);
      if (nh) wh = *(const uhalf *)(w + nv * VL);
      for (int r = 0; r < nr; r++) {
        vec b = x[r * ROW + k];
        for (int v = 0; v < nv; v++) acc[r][v] = FMA(b, wv[v], acc[r][v]);
        if (nh) hacc[r] = FMA(low(b), wh, hacc[r]);
      }
    }
  }
  for (int r = 0; r < nr; r++) {
    for (int v = 0; v < nv; v++) *(uvec *)(scores + r * stride + v * VL) = acc[r][v];
    if (nh) *(uhalf *)(scores + r * stride + nv * VL) = hacc[r];
  }
}

// `nk` inputs × a group of columns over all rows of the batch, then the shrunk weights.
INLINE void update_tile(const float *x, size_t count, float *w, size_t stride, const float *gradient, const float *decay, const int nk,
                        const int units) {
  COLUMNS(units);
  vec acc[INPUTS][NV];
  half hacc[INPUTS];
  for (int j = 0; j < nk; j++) {
    for (int v = 0; v < nv; v++) acc[j][v] = 0;
    hacc[j] = 0;
  }
  for (size_t r = 0; r < count; r++, x += ROW, gradient += stride) {
    vec g[NV];
    half gh;
    for (int v = 0; v < nv; v++) g[v] = *(const uvec *)(gradient + v * VL);
    if (nh) gh = *(const uhalf *)(gradient + nv * VL);
    for (int j = 0; j < nk; j++) {
      vec b = x[j];
      for (int v = 0; v < nv; v++) acc[j][v] = FMA(b, g[v], acc[j][v]);
      if (nh) hacc[j] = FMA(low(b), gh, hacc[j]);
    }
  }
  for (int j = 0; j < nk; j++, w += stride) {
    for (int v = 0; v < nv; v++) *(uvec *)(w + v * VL) = FMA(*(uvec *)(w + v * VL), *(const uvec *)(decay + v * VL), acc[j][v]);
    if (nh) *(uhalf *)(w + nv * VL) = FMA(*(uhalf *)(w + nv * VL), *(const uhalf *)(decay + nv * VL), hacc[j]);
  }
}

// An update by `nr` rows x and the forward product of the next `nr` rows in one pass over one or two units of weights.
INLINE void step_tile(const float *x, const float *next, float *w, size_t stride, size_t n, const float *gradient, const float *decay,
                      const float *start, size_t start_stride, float *scores, const int nr, const int units) {
  COLUMNS(units);
  enum { PAIR = 16 / VL };
  vec acc[8][PAIR], g[8][PAIR], d[PAIR];
  half hacc[8], hg[8], hd;
  for (int r = 0; r < nr; r++) {
    for (int v = 0; v < nv; v++) {
      acc[r][v] = *(const uvec *)(start + r * start_stride + v * VL);
      g[r][v] = *(const uvec *)(gradient + r * stride + v * VL);
    }
    if (nh) {
      hacc[r] = *(const uhalf *)(start + r * start_stride + nv * VL);
      hg[r] = *(const uhalf *)(gradient + r * stride + nv * VL);
    }
  }
  for (int v = 0; v < nv; v++) d[v] = *(const uvec *)(decay + v * VL);
  if (nh) hd = *(const uhalf *)(decay + nv * VL);
  for (size_t k = 0; k < n; k++, w += stride) {
    vec sum[PAIR];
    half hsum = 0;
    for (int v = 0; v < nv; v++) sum[v] = 0;
    for (int r = 0; r < nr; r++) {
      vec b = x[r * ROW + k];
      for (int v = 0; v < nv; v++) sum[v] = FMA(b, g[r][v], sum[v]);
      if (nh) hsum = FMA(low(b), hg[r], hsum);
    }
    for (int v = 0; v < nv; v++) *(uvec *)(w + v * VL) = sum[v] = FMA(*(uvec *)(w + v * VL), d[v], sum[v]);
    if (nh) *(uhalf *)(w + nv * VL) = hsum = FMA(*(uhalf *)(w + nv * VL), hd, hsum);
    for (int r = 0; r < nr; r++) {
      vec b = next[r * ROW + k];
      for (int v = 0; v < nv; v++) acc[r][v] = FMA(b, sum[v], acc[r][v]);
      if (nh) hacc[r] = FMA(low(b), hsum, hacc[r]);
    }
  }
  for (int r = 0; r < nr; r++) {
    for (int v = 0; v < nv; v++) *(uvec *)(scores + r * stride + v * VL) = acc[r][v];
    if (nh) *(uhalf *)(scores + r * stride + nv * VL) = hacc[r];
  }
}

// ---------------------------------------------------------------- products

INLINE void forward_rows(const float *x, const float *w, size_t stride, size_t n, const float *start, size_t start_stride, float *scores,
                         const uint8_t *const *ahead, size_t rows, const int units) {
#define CASE(r) case r: if (r <= (units > UNITS ? ALONE_ROWS : ROWS)) forward_tile(x, w, stride, n, start, start_stride, scores, ahead, r, units); break;
  EACH_COUNT(rows, CASE)
#undef CASE
}

// A block of inputs after the other; in a block, some rows are standardised into the first-level cache and meet all columns there.
static void forward(const sweep_batch *batch, const sweep_layer *layer, float *scratch, float *scores) {
  size_t stride = layer->stride, most = is_alone(layer) && layer->width > UNITS * 8 ? ALONE_ROWS : ROWS;
  for (size_t k0 = 0; k0 < layer->inputs; k0 += BLOCK) {
    size_t n = least(BLOCK, layer->inputs - k0);
    for (size_t row = 0, rows; row < batch->count; row += rows) {
      size_t left = batch->count - row, tiles = (left + most - 1) / most;
      rows = (left + tiles - 1) / tiles;
      float *out = scores + row * stride;
      const float *start = k0 == 0 ? layer->bias : out;
      const uint8_t *ahead[8];
      for (size_t r = 0; r < 8; r++) ahead[r] = image(batch, row + (r < rows ? r : 0)) + k0 + BLOCK;
      standardise(batch, row, rows, k0, n, scratch);
#define GROUP(units) \
  forward_rows(scratch, layer->weights + k0 * stride + column, stride, n, start + column, k0 == 0 ? 0 : stride, out + column, column == 0 ? ahead : 0, rows, units);
      EACH_GROUP(GROUP)
#undef GROUP
    }
  }
}

INLINE void update_inputs(const float *x, size_t count, float *w, size_t stride, size_t n, const float *gradient, const float *decay,
                          const int units) {
  size_t k = 0;
  const int nk = units > UNITS ? ALONE_ROWS : INPUTS;
  for (; k + nk <= n; k += nk) update_tile(x + k, count, w + k * stride, stride, gradient, decay, nk, units);
  for (; k < n; k++) update_tile(x + k, count, w + k * stride, stride, gradient, decay, 1, units);
}

INLINE void update_bias(size_t count, const sweep_layer *layer, const float *gradient) {
  for (size_t c = 0; c < layer->width; c += 8) {
    half sum = 0;
    for (size_t r = 0; r < count; r++) sum += *(const uhalf *)(gradient + r * layer->stride + c);
    *(uhalf *)(layer->bias + c) += sum;
  }
}

static void update(const sweep_batch *batch, const sweep_layer *layer, float *scratch, const float *gradient, const float *decay) {
  size_t stride = layer->stride;
  for (size_t k0 = 0; k0 < layer->inputs; k0 += BLOCK) {
    size_t n = least(BLOCK, layer->inputs - k0);
    standardise(batch, 0, batch->count, k0, n, scratch);
#define GROUP(units) \
  update_inputs(scratch, batch->count, layer->weights + k0 * stride + column, stride, n, gradient + column, decay + column, units);
    EACH_GROUP(GROUP)
#undef GROUP
  }
  update_bias(batch->count, layer, gradient);
}

INLINE void step_rows(const float *x, const float *next, float *w, size_t stride, size_t n, const float *gradient, const float *decay,
                      const float *start, size_t start_stride, float *scores, size_t rows, const int units) {
#define CASE(r) case r: if (r <= STEP_ROWS) step_tile(x, next, w, stride, n, gradient, decay, start, start_stride, scores, r, units); break;
  EACH_COUNT(rows, CASE)
#undef CASE
}

static void update_forward(const sweep_batch *batch, const sweep_layer *layer, float *scratch, const float *gradient, const float *decay,
                           const sweep_batch *next, float *scores) {
  size_t count = batch->count, stride = layer->stride;
  if (count > STEP_ROWS || count != next->count) {
    update(batch, layer, scratch, gradient, decay);
    forward(next, layer, scratch, scores);
    return;
  }
  update_bias(count, layer, gradient);
  for (size_t k0 = 0; k0 < layer->inputs; k0 += BLOCK) {
    size_t n = least(BLOCK, layer->inputs - k0);
    const float *start = k0 == 0 ? layer->bias : scores;
    float *next_x = scratch + count * ROW;
    standardise(batch, 0, count, k0, n, scratch);
    standardise(next, 0, count, k0, n, next_x);
    prefetch(next, k0 + BLOCK);
    for (size_t column = 0; column < layer->width; column += 16) {
#define STEP(units) \
  step_rows(scratch, next_x, layer->weights + k0 * stride + column, stride, n, gradient + column, decay + column, start + column, \
            k0 == 0 ? 0 : stride, scores + column, count, units)
      if (layer->width - column >= 16) STEP(2); else STEP(1);
#undef STEP
    }
  }
}

static void square_norms(const sweep_layer *layer, double *norms) {
  for (size_t c = 0; c < layer->width; c += 8) {
    dwide sum = 0;
    for (size_t k = 0; k < layer->inputs; k++) {
      dwide w = __builtin_convertvector(*(const uhalf *)(layer->weights + k * layer->stride + c), dwide);
      sum += w * w;
    }
    for (int i = 0; i < 8; i++) norms[c + i] = sum[i];
  }
}

// ---------------------------------------------------------------- exp and log

INLINE wide choose(iwide mask, wide yes, wide no) { return (wide)((mask & (iwide)yes) | (~mask & (iwide)no)); }

// e^x, at most 2 units in the last place off over [-87.3, 88]; below it stays at e^-87.3, above at e^88. NaN stays NaN.
// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor polynomial of degree 7; n goes into the exponent.
INLINE wide exp16(wide x) {
  const wide magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number, held in the low bits
  x = choose(x > 88.0f, (wide)88.0f, x);
  x = choose(x < -87.3f, (wide)-87.3f, x);
  wide shifted = FMA(x, (wide)1.44269504f, magic);
  wide n = shifted - magic;
  wide r = FMA(n, (wide)-0.693145752f, x);
  r = FMA(n, (wide)-1.42860677e-6f, r);
  wide p = 1.98412698e-4f;
  p = FMA(p, r, (wide)1.38888889e-3f);
  p = FMA(p, r, (wide)8.33333333e-3f);
  p = FMA(p, r, (wide)4.16666667e-2f);
  p = FMA(p, r, (wide)1.66666667e-1f);
  p = FMA(p, r, (wide)0.5f);
  p = FMA(p, r, (wide)1.0f);
  p = FMA(p, r, (wide)1.0f);
  iwide power = (((iwide)shifted - (iwide)magic) + 127) << 23;
  return p * (wide)power;
}

// ln x for normal positive x, absolute error below 1e-7 on [1, 16] and relative error below 3e-7 elsewhere. NaN stays NaN.
// x = m 2^e with m in [sqrt(1/2), sqrt(2)); ln m = 2 artanh(s), s = (m - 1) / (m + 1), |s| < 0.172.
INLINE wide log16(wide x) {
  iwide bits = (iwide)x;
  iwide e = ((bits - 0x3f3504f3) >> 23);  // exponent after moving m into [sqrt(1/2), sqrt(2))
  wide m = (wide)(bits - (e << 23));
  wide s = (m - 1.0f) / (m + 1.0f);
  wide q = s * s;
  wide p = 0.222222222f;
  p = FMA(p, q, (wide)0.285714286f);
  p = FMA(p, q, (wide)0.4f);
  p = FMA(p, q, (wide)0.666666667f);
  wide series = FMA(p * q, s, s + s);
  wide result = FMA(__builtin_convertvector(e, wide), (wide)0.693147181f, series);
  return choose(x == x, result, x);
}

static void exponential(const float *x, float *y) { *(uwide *)y = exp16(*(const uwide *)x); }
static void logarithm(const float *x, float *y) { *(uwide *)y = log16(*(const uwide *)x); }

// ---------------------------------------------------------------- losses

// Losses work on 16 pairs of a trial and a row at a time, a vector for each class: pairs share vectors, never sums. The pairs of a trial
// are neighbours, in the order of the rows.
enum { MAX_CLASSES = 256 };

typedef struct {
  size_t pairs;         // at most 16; the lanes behind them repeat the first
  size_t member[16];
  size_t offset[16];    // of a pair's first class in the scores
  iwide label;
  wide scores[MAX_CLASSES];
} block;

#define LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

// Transposes 16 × 16 by four rounds of interleaving.
INLINE void transpose(wide m[16]) {
  wide t[16];
  UNROLLED for (int round = 0; round < 4; round++) {
    UNROLLED for (int i = 0; i < 8; i++) {
      t[2 * i] = LOW(m[i], m[i + 8]);
      t[2 * i + 1] = HIGH(m[i], m[i + 8]);
    }
    UNROLLED for (int i = 0; i < 16; i++) m[i] = t[i];
  }
}

// Loads the next pairs; *member and *row say from which one on, and are moved on. Returns whether there were any.
INLINE int next_block(const sweep_scores *s, size_t *member, size_t *row, block *b) {
  b->pairs = 0;
  for (; b->pairs < 16 && *member < s->members; b->pairs++) {
    b->member[b->pairs] = *member;
    b->offset[b->pairs] = *row * s->stride + s->first + *member * s->classes;
    b->label[b->pairs] = s->labels[*row];
    if (++*row == s->count) (*row = 0, ++*member);
  }
  if (b->pairs == 0) return 0;
  for (size_t i = b->pairs; i < 16; i++) (b->offset[i] = b->offset[0], b->label[i] = b->label[0]);
  for (size_t c = 0; c < s->classes; c += 16) {
    UNROLLED for (int i = 0; i < 16; i++) b->scores[c + i] = *(const uwide *)(s->scores + b->offset[i] + c);
    transpose(b->scores + c);
  }
  return 1;
}

#define EACH_BLOCK(s) for (size_t member = 0, row = 0; next_block(s, &member, &row, &b);)

INLINE wide largest(const block *b, size_t classes) {
  wide top = b->scores[0];
  for (size_t c = 1; c < classes; c++) top = choose(b->scores[c] > top, b->scores[c], top);
  return top;
}

INLINE wide is_label(const block *b, size_t c) { return choose(b->label == (int32_t)c, (wide)1.0f, (wide)0.0f); }

// Writes (scores - label) * scale back to where the pairs came from.
INLINE void store_gradient(const sweep_scores *s, block *b, const float *scales, float *gradient) {
  wide scale = 0;
  for (size_t i = 0; i < b->pairs; i++) scale[i] = scales[b->member[i]];
  for (size_t c = 0; c < s->classes; c++) b->scores[c] = (b->scores[c] - is_label(b, c)) * scale;
  for (size_t c = 0; c < s->classes; c += 16) {
    transpose(b->scores + c);
    size_t n = least(16, s->classes - c), i = 0;
    for (size_t pair = 0; pair < b->pairs; pair++) {
      float *out = gradient + b->offset[pair] + c;
      const float *values = (const float *)&b->scores[c + pair];
      i = 0;
      if (n >= 8) (*(uhalf *)out = *(const uhalf *)values, i = 8);
      for (; i < n; i++) out[i] = values[i];
    }
  }
}

static void softmax_gradient(const sweep_scores *s, const float *scales, float *gradient) {
  block b;
  EACH_BLOCK(s) {
    wide top = largest(&b, s->classes), sum = 0;
    for (size_t c = 0; c < s->classes; c++) {
      b.scores[c] = exp16(b.scores[c] - top);
      sum += b.scores[c];
    }
    wide inverse = 1.0f / sum;
    for (size_t c = 0; c < s->classes; c++) b.scores[c] *= inverse;
    store_gradient(s, &b, scales, gradient);
  }
}

static void sigmoid_gradient(const sweep_scores *s, const float *scales, float *gradient) {
  block b;
  EACH_BLOCK(s) {
    for (size_t c = 0; c < s->classes; c++) {
      wide score = b.scores[c], e = exp16(choose(score > 0.0f, -score, score));
      b.scores[c] = choose(score > 0.0f, (wide)1.0f, e) / (1.0f + e);
    }
    store_gradient(s, &b, scales, gradient);
  }
}

// Adds the losses in the order of the rows; counts a row as correct when no earlier class scores as much as its label and none scores more.
INLINE void tally(const sweep_scores *s, const block *b, wide loss, double *losses, int64_t *correct) {
  wide top = b->scores[0];
  iwide winner = 0;
  for (size_t c = 1; c < s->classes; c++) {
    iwide better = b->scores[c] > top;
    top = choose(better, b->scores[c], top);
    winner = (better & (int32_t)c) | (~better & winner);
  }
  for (size_t i = 0; i < b->pairs; i++) {
    losses[b->member[i]] += loss[i];
    correct[b->member[i]] += winner[i] == b->label[i];
  }
}

static void softmax_evaluate(const sweep_scores *s, double *losses, int64_t *correct) {
  block b;
  EACH_BLOCK(s) {
    wide top = largest(&b, s->classes), sum = 0, own = 0;
    for (size_t c = 0; c < s->classes; c++) {
      sum += exp16(b.scores[c] - top);
      own = choose(b.label == (int32_t)c, b.scores[c], own);
    }
    tally(s, &b, log16(sum) + (top - own), losses, correct);
  }
}

static void sigmoid_evaluate(const sweep_scores *s, double *losses, int64_t *correct) {
  block b;
  EACH_BLOCK(s) {
    wide sum = 0;
    for (size_t c = 0; c < s->classes; c++) {
      wide score = b.scores[c], e = exp16(choose(score > 0.0f, -score, score));
      wide softplus = log16(1.0f + e) + choose(score > 0.0f, score, (wide)0.0f);
      sum += softplus - is_label(&b, c) * score;
    }
    tally(s, &b, sum / (float)s->classes, losses, correct);
  }
}

#define PASTE(a, b) a##b
#define EXPAND(a, b) PASTE(a, b)
#define STRING2(x) #x
#define STRING(x) STRING2(x)

const sweep_kernels EXPAND(sweep_kernels_, NAME) = {
  STRING(NAME), HAS_FMA, is_available, forward, update, update_forward, square_norms, softmax_gradient, sigmoid_gradient, softmax_evaluate,
  sigmoid_evaluate, exponential, logarithm,
};
