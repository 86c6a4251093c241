// The kernels, written once over clang's vector types and included by each variant, which sets:
//   NAME       the variant            TARGET_VL   floats in a vector register
//   ROWS       rows of a forward tile held in registers, at most 8     PANELS   panels of 16 columns beside each other, at most 3
//   INPUTS     inputs of an update tile held in registers
// ROWS * PANELS * 16 / VL accumulators must fit the register file with PANELS * 16 / VL + 1 to spare.

#include <string.h>
#include "CKernels.h"

#define VL TARGET_VL
#define PER_PANEL (SWEEP_LANES / VL)
#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(VL * 4)));
typedef float wide __attribute__((vector_size(64)));      // 16 lanes; clang splits it where registers are narrower
typedef int32_t iwide __attribute__((vector_size(64)));
typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef vec uvec __attribute__((aligned(4)));
typedef wide uwide __attribute__((aligned(4)));
typedef bytes16 ubytes16 __attribute__((aligned(1)));

#pragma clang fp contract(off)
// Wide vectors are passed between functions of this file alone, all of them inlined: no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

// ---------------------------------------------------------------- packing

#define LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

// Transposes 16 × 16 bytes by four rounds of interleaving.
INLINE void transpose(bytes16 m[16]) {
  bytes16 t[16];
#pragma clang loop unroll(full)
  for (int round = 0; round < 4; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
      t[2 * i] = LOW(m[i], m[i + 8]);
      t[2 * i + 1] = HIGH(m[i], m[i + 8]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) m[i] = t[i];
  }
}

static void pack(const uint8_t *images, const uint32_t *rows, size_t first, size_t count, size_t inputs, const float *mean,
                 const float *scale, float *packed) {
  for (size_t tile = 0; tile < count; tile += 16, packed += 16 * inputs) {
    const uint8_t *source[16];
    for (size_t r = 0; r < 16; r++) {
      size_t row = tile + (tile + r < count ? r : 0);
      source[r] = images + (rows ? rows[row] : first + row) * inputs;
    }
    // Shuffled rows are far apart: ask for the next tile's while this one is worked on.
    if (rows && tile + 16 < count) {
      for (size_t r = 0; r < 16 && tile + 16 + r < count; r++) {
        const uint8_t *next = images + (size_t)rows[tile + 16 + r] * inputs;
        for (size_t line = 0; line < 4; line++) __builtin_prefetch(next + 64 * line);
      }
    }
    size_t k = 0;
    for (; k + 16 <= inputs; k += 16) {
      bytes16 m[16];
#pragma clang loop unroll(full)
      for (int r = 0; r < 16; r++) m[r] = *(const ubytes16 *)(source[r] + k);
      transpose(m);
#pragma clang loop unroll(full)
      for (int j = 0; j < 16; j++)
        *(uwide *)(packed + (k + j) * 16) = (__builtin_convertvector(__builtin_convertvector(m[j], iwide), wide) - mean[k + j]) * scale[k + j];
    }
    for (; k < inputs; k++)
      for (size_t r = 0; r < 16; r++) packed[k * 16 + r] = ((float)source[r][k] - mean[k]) * scale[k];
  }
}

// ---------------------------------------------------------------- forward

// One register tile: `nr` rows × `np` panels over inputs k0 ..< k1. Starts from the bias, or goes on from what scores hold.
INLINE void forward_tile(const float *x, const float *weights, size_t inputs, size_t k0, size_t k1, const float *bias, float *scores,
                         size_t width, const int nr, const int np) {
  vec acc[8][3 * PER_PANEL];
  for (int r = 0; r < nr; r++)
    for (int v = 0; v < np * PER_PANEL; v++) acc[r][v] = *(const uvec *)((k0 == 0 ? bias : scores + r * width) + v * VL);
  for (size_t k = k0; k < k1; k++) {
    vec w[3 * PER_PANEL];
    for (int p = 0; p < np; p++)
      for (int v = 0; v < PER_PANEL; v++) w[p * PER_PANEL + v] = *(const uvec *)(weights + ((size_t)p * inputs + k) * 16 + v * VL);
    for (int r = 0; r < nr; r++) {
      vec b = (vec){} + x[k * 16 + r];
      for (int v = 0; v < np * PER_PANEL; v++) acc[r][v] = __builtin_elementwise_fma(b, w[v], acc[r][v]);
    }
  }
  for (int r = 0; r < nr; r++)
    for (int v = 0; v < np * PER_PANEL; v++) *(uvec *)(scores + r * width + v * VL) = acc[r][v];
}

INLINE void forward_rows(const float *x, const float *weights, size_t inputs, size_t k0, size_t k1, const float *bias, float *scores,
                         size_t width, size_t nr, const int np) {
#define CASE(n) case n: if (n <= ROWS) forward_tile(x, weights, inputs, k0, k1, bias, scores, width, n, np); break;
  switch (nr) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) }
#undef CASE
}

// The blocks of inputs keep a block's weights in the first-level cache while all rows pass over them.
enum { BLOCK = 256 };

INLINE void forward_panels(const float *packed, size_t count, size_t inputs, const float *weights, const float *bias, float *scores,
                           size_t width, size_t k0, size_t k1, const int np) {
  for (size_t row = 0; row < count;) {
    size_t in_tile = row % 16, left = count - row < 16 - in_tile ? count - row : 16 - in_tile;
    size_t nr = left < ROWS ? left : ROWS;
    forward_rows(packed + (row / 16) * 16 * inputs + in_tile, weights, inputs, k0, k1, bias, scores + row * width, width, nr, np);
    row += nr;
  }
}

static void forward(const float *packed, size_t count, size_t inputs, const float *weights, size_t panels, const float *bias, float *scores) {
  size_t width = panels * 16;
  for (size_t k0 = 0; k0 < inputs; k0 += BLOCK) {
    size_t k1 = k0 + BLOCK < inputs ? k0 + BLOCK : inputs;
    for (size_t p = 0; p < panels;) {
      size_t np = panels - p < PANELS ? panels - p : PANELS;
      if (panels - p == 4 && PANELS == 3) np = 2;  // 2 + 2 beats 3 + 1
      const float *w = weights + p * inputs * 16;
      switch (np) {
      case 1: forward_panels(packed, count, inputs, w, bias + p * 16, scores + p * 16, width, k0, k1, 1); break;
      case 2: if (PANELS >= 2) forward_panels(packed, count, inputs, w, bias + p * 16, scores + p * 16, width, k0, k1, 2); break;
      case 3: if (PANELS >= 3) forward_panels(packed, count, inputs, w, bias + p * 16, scores + p * 16, width, k0, k1, 3); break;
      }
      p += np;
    }
  }
}

// ---------------------------------------------------------------- update

// One register tile: `nk` inputs × `np` panels over all rows of the batch, then decay and step.
INLINE void update_tile(const float *packed, size_t count, size_t inputs, size_t k, float *weights, const float *gradient, size_t width,
                        const float *decay, const float *step, const int nk, const int np) {
  vec acc[INPUTS][3 * PER_PANEL];
  for (int j = 0; j < nk; j++)
    for (int v = 0; v < np * PER_PANEL; v++) acc[j][v] = (vec){};
  for (size_t tile = 0; tile < count; tile += 16) {
    const float *x = packed + tile * inputs + k * 16;
    size_t rows = count - tile < 16 ? count - tile : 16;
    for (size_t r = 0; r < rows; r++) {
      vec g[3 * PER_PANEL];
      for (int v = 0; v < np * PER_PANEL; v++) g[v] = *(const uvec *)(gradient + (tile + r) * width + v * VL);
      for (int j = 0; j < nk; j++) {
        vec b = (vec){} + x[j * 16 + r];
        for (int v = 0; v < np * PER_PANEL; v++) acc[j][v] = __builtin_elementwise_fma(b, g[v], acc[j][v]);
      }
    }
  }
  for (int j = 0; j < nk; j++)
    for (int p = 0; p < np; p++)
      for (int v = 0; v < PER_PANEL; v++) {
        uvec *w = (uvec *)(weights + ((size_t)p * inputs + k + j) * 16 + v * VL);
        vec shrunk = *w * *(const uvec *)(decay + p * 16 + v * VL);
        *w = __builtin_elementwise_fma(-*(const uvec *)(step + p * 16 + v * VL), acc[j][p * PER_PANEL + v], shrunk);
      }
}

INLINE void update_panels(const float *packed, size_t count, size_t inputs, size_t k, size_t nk, float *weights, size_t panels,
                          const float *gradient, const float *decay, const float *step, const int full) {
  size_t width = panels * 16;
  for (size_t p = 0; p < panels;) {
    size_t np = panels - p < PANELS ? panels - p : PANELS;
    if (panels - p == 4 && PANELS == 3) np = 2;
    float *w = weights + p * inputs * 16;
#define TILE(n, nk) update_tile(packed, count, inputs, k, w, gradient + p * 16, width, decay + p * 16, step + p * 16, nk, n)
    if (full) {
      switch (np) {
      case 1: TILE(1, INPUTS); break;
      case 2: if (PANELS >= 2) TILE(2, INPUTS); break;
      case 3: if (PANELS >= 3) TILE(3, INPUTS); break;
      }
    } else {
      for (size_t end = k + nk, start = k; start < end; start++) {
        size_t k = start;
        switch (np) {
        case 1: TILE(1, 1); break;
        case 2: if (PANELS >= 2) TILE(2, 1); break;
        case 3: if (PANELS >= 3) TILE(3, 1); break;
        }
      }
    }
#undef TILE
    p += np;
  }
}

static void update(const float *packed, size_t count, size_t inputs, float *weights, size_t panels, float *bias, const float *gradient,
                   const float *decay, const float *step) {
  size_t k = 0;
  for (; k + INPUTS <= inputs; k += INPUTS) update_panels(packed, count, inputs, k, INPUTS, weights, panels, gradient, decay, step, 1);
  if (k < inputs) update_panels(packed, count, inputs, k, inputs - k, weights, panels, gradient, decay, step, 0);
  for (size_t p = 0; p < panels; p++) {
    wide sum = {};
    for (size_t row = 0; row < count; row++) sum += *(const uwide *)(gradient + (row * panels + p) * 16);
    uwide *b = (uwide *)(bias + p * 16);
    *b = __builtin_elementwise_fma(-*(const uwide *)(step + p * 16), sum, *b);
  }
}

static void square_norms(const float *weights, size_t inputs, size_t panels, double *norms) {
  typedef double dwide __attribute__((vector_size(128)));
  for (size_t p = 0; p < panels; p++) {
    dwide sum = {};
    for (size_t k = 0; k < inputs; k++) {
      dwide w = __builtin_convertvector(*(const uwide *)(weights + (p * inputs + k) * 16), dwide);
      sum += w * w;
    }
    memcpy(norms + p * 16, &sum, sizeof sum);
  }
}

// ---------------------------------------------------------------- exp and log

INLINE wide choose(iwide mask, wide yes, wide no) { return (wide)((mask & (iwide)yes) | (~mask & (iwide)no)); }

// e^x, at most 2 units in the last place off over [-87.3, 88]; below it stays at e^-87.3, above at e^88. NaN stays NaN.
// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor polynomial of degree 7; n goes into the exponent.
INLINE wide exp16(wide x) {
  const wide magic = (wide){} + 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number, held in the low bits
  x = choose(x > 88.0f, (wide){} + 88.0f, x);
  x = choose(x < -87.3f, (wide){} - 87.3f, x);
  wide shifted = __builtin_elementwise_fma(x, (wide){} + 1.44269504f, magic);
  wide n = shifted - magic;
  wide r = __builtin_elementwise_fma(n, (wide){} - 0.693145752f, x);
  r = __builtin_elementwise_fma(n, (wide){} - 1.42860677e-6f, r);
  wide p = (wide){} + 1.98412698e-4f;
  p = __builtin_elementwise_fma(p, r, (wide){} + 1.38888889e-3f);
  p = __builtin_elementwise_fma(p, r, (wide){} + 8.33333333e-3f);
  p = __builtin_elementwise_fma(p, r, (wide){} + 4.16666667e-2f);
  p = __builtin_elementwise_fma(p, r, (wide){} + 1.66666667e-1f);
  p = __builtin_elementwise_fma(p, r, (wide){} + 0.5f);
  p = __builtin_elementwise_fma(p, r, (wide){} + 1.0f);
  p = __builtin_elementwise_fma(p, r, (wide){} + 1.0f);
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
  wide p = (wide){} + 0.222222222f;
  p = __builtin_elementwise_fma(p, q, (wide){} + 0.285714286f);
  p = __builtin_elementwise_fma(p, q, (wide){} + 0.4f);
  p = __builtin_elementwise_fma(p, q, (wide){} + 0.666666667f);
  wide series = __builtin_elementwise_fma(p * q, s, s + s);
  wide result = __builtin_elementwise_fma(__builtin_convertvector(e, wide), (wide){} + 0.693147181f, series);
  return choose(x == x, result, x);
}

static void exponential(const float *x, float *y) { *(uwide *)y = exp16(*(const uwide *)x); }
static void logarithm(const float *x, float *y) { *(uwide *)y = log16(*(const uwide *)x); }

// ---------------------------------------------------------------- losses

enum { MAX_CLASSES = 256 };

// 16 rows of one trial's scores, turned so that a vector holds a class. Rows beyond `rows` repeat the first.
INLINE void load_block(const float *scores, size_t rows, size_t width, size_t classes, wide *block) {
  for (size_t r = 0; r < 16; r++)
    for (size_t c = 0; c < classes; c++) ((float *)block)[c * 16 + r] = scores[(r < rows ? r : 0) * width + c];
}

INLINE wide largest(const wide *block, size_t classes) {
  wide top = block[0];
  for (size_t c = 1; c < classes; c++) top = choose(block[c] > top, block[c], top);
  return top;
}

INLINE wide is_label(const uint8_t *labels, size_t rows, size_t c) {
  wide y = {};
  for (size_t r = 0; r < rows; r++) y[r] = labels[r] == c ? 1.0f : 0.0f;
  return y;
}

INLINE void store_gradient(const wide *block, const uint8_t *labels, size_t rows, size_t width, size_t classes, float *gradient) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < classes; c++) gradient[r * width + c] = ((const float *)block)[c * 16 + r] - (labels[r] == c ? 1.0f : 0.0f);
}

static void softmax_gradient(const float *scores, size_t count, size_t width, size_t first, size_t classes, const uint8_t *labels, float *gradient) {
  wide block[MAX_CLASSES];
  for (size_t row = 0; row < count; row += 16) {
    size_t rows = count - row < 16 ? count - row : 16;
    load_block(scores + row * width + first, rows, width, classes, block);
    wide top = largest(block, classes), sum = {};
    for (size_t c = 0; c < classes; c++) {
      block[c] = exp16(block[c] - top);
      sum += block[c];
    }
    wide inverse = 1.0f / sum;
    for (size_t c = 0; c < classes; c++) block[c] *= inverse;
    store_gradient(block, labels + row, rows, width, classes, gradient + row * width + first);
  }
}

static void sigmoid_gradient(const float *scores, size_t count, size_t width, size_t first, size_t classes, const uint8_t *labels, float *gradient) {
  wide block[MAX_CLASSES];
  for (size_t row = 0; row < count; row += 16) {
    size_t rows = count - row < 16 ? count - row : 16;
    load_block(scores + row * width + first, rows, width, classes, block);
    for (size_t c = 0; c < classes; c++) {
      wide s = block[c], e = exp16(choose(s > 0.0f, -s, s));
      block[c] = choose(s > 0.0f, (wide){} + 1.0f, e) / (1.0f + e);
    }
    store_gradient(block, labels + row, rows, width, classes, gradient + row * width + first);
  }
}

// Adds the losses in the order of the rows; counts a row as correct when no earlier class scores as much as its label and none scores more.
INLINE void tally(const wide *block, wide losses, const uint8_t *labels, size_t rows, size_t classes, double *loss, int64_t *correct) {
  wide top = block[0];
  iwide winner = {};
  for (size_t c = 1; c < classes; c++) {
    iwide better = block[c] > top;
    top = choose(better, block[c], top);
    winner = (better & (int32_t)c) | (~better & winner);
  }
  for (size_t r = 0; r < rows; r++) {
    *loss += losses[r];
    *correct += winner[r] == labels[r];
  }
}

static void softmax_evaluate(const float *scores, size_t count, size_t width, size_t first, size_t classes, const uint8_t *labels, double *loss,
                             int64_t *correct) {
  wide block[MAX_CLASSES];
  for (size_t row = 0; row < count; row += 16) {
    size_t rows = count - row < 16 ? count - row : 16;
    load_block(scores + row * width + first, rows, width, classes, block);
    wide top = largest(block, classes), sum = {}, own = {};
    for (size_t c = 0; c < classes; c++) sum += exp16(block[c] - top);
    for (size_t r = 0; r < rows; r++) own[r] = ((const float *)block)[labels[row + r] * 16 + r];
    tally(block, log16(sum) + (top - own), labels + row, rows, classes, loss, correct);
  }
}

static void sigmoid_evaluate(const float *scores, size_t count, size_t width, size_t first, size_t classes, const uint8_t *labels, double *loss,
                             int64_t *correct) {
  wide block[MAX_CLASSES];
  for (size_t row = 0; row < count; row += 16) {
    size_t rows = count - row < 16 ? count - row : 16;
    load_block(scores + row * width + first, rows, width, classes, block);
    wide sum = {};
    for (size_t c = 0; c < classes; c++) {
      wide s = block[c], e = exp16(choose(s > 0.0f, -s, s));
      wide softplus = log16(1.0f + e) + choose(s > 0.0f, s, (wide){});
      sum += softplus - is_label(labels + row, rows, c) * s;
    }
    tally(block, sum / (float)classes, labels + row, rows, classes, loss, correct);
  }
}

#define PASTE(a, b) a##b
#define EXPAND(a, b) PASTE(a, b)
#define STRING2(x) #x
#define STRING(x) STRING2(x)

const sweep_kernels EXPAND(sweep_kernels_, NAME) = {
  STRING(NAME), is_available, pack, forward, update, square_norms, softmax_gradient, sigmoid_gradient, softmax_evaluate, sigmoid_evaluate,
  exponential, logarithm,
};
