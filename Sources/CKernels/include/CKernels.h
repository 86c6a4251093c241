// The hot loops of the one-layer trainer, one variant per instruction set, all with the same bits.
//
// Shapes. A cohort of T trials with K classes each is one matrix product with T*K columns:
//   images    [image][inputs] bytes
//   weights   [input][stride]    column n of the cohort is n; of the stride, `width` columns are computed
//   scores    [row][stride]      also gradients of the scores
// Buffers of scores and gradients have 16 floats to spare at their end.
//
// Order of summation, which is a promise: every element has one accumulator and one fused multiply-add per term. The forward product
// sums over inputs ascending, starting from the bias. An update sums over the rows of the batch ascending, starting from zero, and adds
// the shrunk weight last. Columns share vectors, never sums. No libm; no contraction beyond the fused multiply-adds that are written down.
#ifndef SWEEP_CKERNELS_H
#define SWEEP_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

enum {
  /// Columns are computed in units of 8; strides are whole vectors of 16.
  SWEEP_UNIT = 8,
  SWEEP_LANES = 16,
  /// Inputs that are standardised at a time, and the floats from one of their rows to the next: no multiple of a page, or rows would share
  /// sets of the cache.
  SWEEP_BLOCK = 256,
  SWEEP_ROW = SWEEP_BLOCK + 16,
  /// The most rows that a kernel holds in registers. Batches of so many (5 with AVX2) are updated and followed by the next forward product
  /// in one pass over the weights.
  SWEEP_SMALL_BATCH = 8,
};

/// Rows of images, which the kernels standardise on the fly as (byte - mean[k]) * scale[k].
typedef struct {
  const uint8_t *images;
  /// Indices of images, or NULL for first, first + 1, …
  const uint32_t *rows;
  size_t first, count, inputs;
  const float *mean, *scale;
} sweep_batch;

typedef struct {
  float *weights, *bias;
  size_t inputs, width, stride;
} sweep_layer;

/// Scores of trials that lie beside each other and have one loss: columns first ..< first + members * classes.
typedef struct {
  const float *scores;
  size_t count, stride, first, members, classes;
  /// One for each row.
  const uint8_t *labels;
} sweep_scores;

typedef struct {
  /// "avx512", "avx2" or "portable".
  const char *name;
  /// Whether it may use the machine's fused multiply-add. Without, each one is a call of a library: the same bits, very slow.
  int has_fma;
  /// Whether this machine has the instructions.
  int (*is_available)(void);

  // `scratch` is room for standardised rows of SWEEP_ROW floats: as many as the batch has for an update (forward needs SWEEP_SMALL_BATCH
  // whatever the batch), and at least 2 * SWEEP_SMALL_BATCH for update_forward.

  /// scores = bias + images · weights.
  void (*forward)(const sweep_batch *batch, const sweep_layer *layer, float *scratch, float *scores);
  /// weights = weights * decay + images transposed · gradient; bias = bias + sum of gradient. decay: a value per column.
  void (*update)(const sweep_batch *batch, const sweep_layer *layer, float *scratch, const float *gradient, const float *decay);
  /// Both, for two batches that follow each other.
  void (*update_forward)(const sweep_batch *batch, const sweep_layer *layer, float *scratch, const float *gradient, const float *decay,
                         const sweep_batch *next, float *scores);
  /// Sum of squares of each column in double, inputs ascending.
  void (*square_norms)(const sweep_layer *layer, double *norms);

  /// gradient = (the derivative of a row's loss by its scores) * scales[member]; for multiple binary cross-entropy times the number of
  /// classes: p - y in both cases.
  void (*softmax_gradient)(const sweep_scores *scores, const float *scales, float *gradient);
  void (*sigmoid_gradient)(const sweep_scores *scores, const float *scales, float *gradient);
  /// Adds the rows' losses, in order, to losses[member], and the number of rows whose largest score (the first of equals) is the label's
  /// to correct[member].
  void (*softmax_evaluate)(const sweep_scores *scores, double *losses, int64_t *correct);
  void (*sigmoid_evaluate)(const sweep_scores *scores, double *losses, int64_t *correct);
  /// exp and log of 16 values, for the tests of their accuracy.
  void (*exponential)(const float *x, float *y);
  void (*logarithm)(const float *x, float *y);
} sweep_kernels;

extern const sweep_kernels sweep_kernels_avx512, sweep_kernels_avx2, sweep_kernels_portable;

/// All variants, fastest first, ended by NULL; `portable` is always available.
const sweep_kernels *const *sweep_all_kernels(void);

#endif
