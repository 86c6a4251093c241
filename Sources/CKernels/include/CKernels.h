// The hot loops of the one-layer trainer, one variant per instruction set, all with the same bits.
//
// Shapes. A cohort of T trials with K classes each is one matrix product with T*K columns, padded to panels of 16:
//   weights   [panel][input][16]        column n of the cohort is lane n % 16 of panel n / 16
//   scores    [row][panels * 16]        also gradients of the scores
//   images    [tile of 16 rows][input][16], standardised floats; rows beyond the batch are not read
// A block of scores of one trial: [class][16 rows].
//
// Order of summation, which is a promise: every element has one accumulator and one fused multiply-add per term; the forward product
// sums over inputs ascending, starting from the bias; the gradient sums over the rows of the batch ascending, starting from zero.
// Columns share vectors, never sums. No libm; no contraction beyond the fused multiply-adds that are written down.
#ifndef SWEEP_CKERNELS_H
#define SWEEP_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

enum { SWEEP_LANES = 16 };

typedef struct {
  /// "avx512", "avx2" or "portable".
  const char *name;
  /// Whether this machine has the instructions.
  int (*is_available)(void);

  /// Gathers rows of bytes, standardises them as (byte - mean[k]) * scale[k], and lays them out in tiles.
  /// rows: indices of images, or NULL for first, first + 1, …
  void (*pack)(const uint8_t *images, const uint32_t *rows, size_t first, size_t count, size_t inputs, const float *mean,
               const float *scale, float *packed);
  /// scores = bias + packed · weights.
  void (*forward)(const float *packed, size_t count, size_t inputs, const float *weights, size_t panels, const float *bias, float *scores);
  /// weights = weights * decay - step * (packed transposed · gradient); bias = bias - step * (sum of gradient). decay, step: a value per column.
  void (*update)(const float *packed, size_t count, size_t inputs, float *weights, size_t panels, float *bias, const float *gradient,
                 const float *decay, const float *step);
  /// Sum of squares of each column in double, inputs ascending.
  void (*square_norms)(const float *weights, size_t inputs, size_t panels, double *norms);

  /// Losses, over the columns first ..< first + classes of scores with the given width. `gradient` gets the derivative of the summed loss by
  /// the scores (for multiple binary cross-entropy times the number of classes: p - y in both cases).
  void (*softmax_gradient)(const float *scores, size_t count, size_t width, size_t first, size_t classes, const uint8_t *labels, float *gradient);
  void (*sigmoid_gradient)(const float *scores, size_t count, size_t width, size_t first, size_t classes, const uint8_t *labels, float *gradient);
  /// Adds the rows' losses, in order, to *loss, and the number of rows whose largest score (the first of equals) is the label's to *correct.
  void (*softmax_evaluate)(const float *scores, size_t count, size_t width, size_t first, size_t classes, const uint8_t *labels, double *loss,
                           int64_t *correct);
  void (*sigmoid_evaluate)(const float *scores, size_t count, size_t width, size_t first, size_t classes, const uint8_t *labels, double *loss,
                           int64_t *correct);
  /// exp and log of 16 values, for the tests of their accuracy.
  void (*exponential)(const float *x, float *y);
  void (*logarithm)(const float *x, float *y);
} sweep_kernels;

extern const sweep_kernels sweep_kernels_avx512, sweep_kernels_avx2, sweep_kernels_portable;

/// All variants, fastest first, ended by NULL; `portable` is always available.
const sweep_kernels *const *sweep_all_kernels(void);

/// Whether the machine has fused multiply-add in hardware; without it the portable variant is exact and very slow.
int sweep_has_fma(void);

#endif
