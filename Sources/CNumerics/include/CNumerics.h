// Double-precision kernels of Gaussian processes, one variant per instruction set, all with the same bits.
//
// Shapes. Matrices are [row][stride]; n, and every number of columns, is a multiple of SWEEP_DOUBLES: what is added to fill it up is the
// identity in square matrices, and 0 elsewhere. Points are [column][stride], so that one vector holds one column of several points.
// A factor is kept as U with Uᵀ·U = A (U = Lᵀ), upper triangle; below it lies nothing of meaning.
//
// Order of summation, which is a promise: an element of a matrix has one accumulator and one fused multiply-add per term, indices ascending.
// Sums over points that give one number are made in SWEEP_DOUBLES lanes, index modulo their number, and the lanes are added as
// ((0+4)+(2+6))+((1+5)+(3+7)). No libm; no contraction beyond the fused multiply-adds that are written down.
#ifndef SWEEP_CNUMERICS_H
#define SWEEP_CNUMERICS_H

#include <stddef.h>
#include <stdint.h>

enum { SWEEP_DOUBLES = 8 };

/// Points as columns of numbers.
typedef struct {
  const double *x;
  /// How many there are, and from one column to the next.
  size_t count, stride;
} sweep_points;

/// s²·(1 + r + r²/3)·e^(−r), r² = 5 Σ weight·δ²: Matérn 5/2. δ² of a column is the squared difference, or, of a category, 0 or 1.
typedef struct {
  size_t columns;
  /// 1/ℓ² of each column.
  const double *weights;
  const uint8_t *is_category;
  /// s².
  double scale;
} sweep_matern;

typedef struct {
  /// "avx512", "avx2" or "portable".
  const char *name;
  /// Whether it may use the machine's fused multiply-add. Without, each one is a call of a library: the same bits, very slow.
  int has_fma;
  /// Whether this machine has the instructions.
  int (*is_available)(void);

  /// The upper triangle of K + noise·I of points with themselves, [n][stride], and, where not NULL, of E = s²·(5/3)·(1 + r)·e^(−r), whose product
  /// with weight·δ² is the derivative of K by the logarithm of a length scale. Points are allocated up to n.
  void (*gram)(const sweep_matern *kernel, const sweep_points *points, size_t n, double noise, double *k, double *e, size_t stride);
  /// K of points (rows) with other points (columns: a multiple of SWEEP_DOUBLES), [n][stride]; rows from the points' count on are 0.
  void (*covariance)(const sweep_matern *kernel, const sweep_points *rows, size_t n, const sweep_points *columns, double *k, size_t stride);
  /// A, upper triangle, becomes U. 0: it is not positive definite. Leading rows and columns do not depend on what follows.
  int (*factor)(double *a, size_t n, size_t stride);
  /// b becomes L⁻¹·b: [n][b_stride], of which so many columns.
  void (*forward)(const double *u, size_t n, size_t stride, double *b, size_t b_stride, size_t columns);
  /// z, one vector, becomes U⁻¹·z.
  void (*backward)(const double *u, size_t n, size_t stride, double *z);
  /// A⁻¹, both triangles; scratch: of the same size.
  void (*inverse)(const double *u, size_t n, size_t stride, double *scratch, double *inverse);
  /// Σ_{a<b} (A⁻¹ − αα')_ab·E_ab·weight·δ²_ab of each column. e is overwritten; scratch: 32 numbers for each column.
  void (*gradient)(const sweep_matern *kernel, const sweep_points *points, size_t n, const double *inverse, const double *alpha, double *e,
                   size_t stride, double *scratch, double *by_column);
  /// Of each column of k = covariance: mean = Σ k·α; then k becomes L⁻¹·k, and explained = Σ (L⁻¹k)².
  void (*predict)(const double *u, size_t n, size_t stride, const double *alpha, double *k, size_t k_stride, size_t columns, double *mean,
                  double *explained);
  /// At one point x, a number for each column: result[0] = k·α, result[1] = k·A⁻¹k, and the derivatives of the first, and half those of the
  /// second, by each column (of categories 0). scratch: 3·n numbers.
  void (*posterior)(const sweep_matern *kernel, const sweep_points *points, size_t n, const double *x, const double *alpha, const double *inverse,
                    size_t stride, double *scratch, double *result, double *mean_gradient, double *explained_gradient);
  /// eˣ of 8 values of at most 0, for the test of its accuracy.
  void (*exponential)(const double *x, double *y);
} sweep_numerics;

extern const sweep_numerics sweep_numerics_avx512, sweep_numerics_avx2, sweep_numerics_portable;

/// All variants, fastest first, ended by NULL; `portable` is always available.
const sweep_numerics *const *sweep_all_numerics(void);

#endif
