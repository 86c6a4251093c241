// The kernels, written once over clang's vector types and included by each variant, which sets:
//   NAME   the variant      ROWS   rows of a tile held in registers, 4 or 8      WIDE   vectors of 8 columns beside them, 1 or 2
// Vectors have 8 doubles everywhere, which clang splits where registers are narrower: lanes, and so sums, are the same in all variants.

#include "CNumerics.h"

#define INLINE static inline __attribute__((always_inline))
#pragma clang fp contract(off)
// Wide vectors are passed between functions of this file alone, all of them inlined: no calling convention is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

enum { LANES = SWEEP_DOUBLES, PANEL = 64 };
typedef double vec __attribute__((ext_vector_type(8)));
typedef int64_t ivec __attribute__((ext_vector_type(8)));
typedef vec uvec __attribute__((aligned(8)));

#define FMA __builtin_elementwise_fma

INLINE vec load(const double *p) { return *(const uvec *)p; }
INLINE void store(double *p, vec v) { *(uvec *)p = v; }
INLINE vec splat(double x) { return (vec)x; }
INLINE size_t floor_lane(size_t i) { return i / LANES * LANES; }
INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }

INLINE double sum_of(vec v) { return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7])); }

// eˣ for x of at most 0; below −700: 0. x = k ln 2 + r, and the series of eʳ to the 13th power.
INLINE vec exp_of(vec x) {
  const double shift = 0x1.8p52;
  vec t = FMA(x, splat(1.4426950408889634), splat(shift)), k = t - shift;
  vec r = FMA(k, splat(-0x1.62e42fefa3800p-1), x);
  r = FMA(k, splat(-0x1.ef35793c76730p-45), r);
  static const double inverse_factorials[] = {
    1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24,
    1.0 / 6, 0.5, 1, 1,
  };
  vec p = splat(inverse_factorials[0]);
  for (int i = 1; i < 14; i++) p = FMA(p, r, splat(inverse_factorials[i]));
  ivec y = (ivec)p + ((ivec)t << 52);
  return (vec)(y & (x >= splat(-700)));
}

// ---------------------------------------------------------------- covariances

// `nr` rows (points `a` … of p) × all columns (points of q) from one on; e may be NULL.
INLINE void covariance_rows(const sweep_matern *kernel, const double *x, size_t x_stride, const sweep_points *q, size_t from, size_t to, double *k,
                            double *e, size_t stride, const int nr) {
  for (size_t c = from; c < to; c += LANES) {
    vec sum[4];
    for (int r = 0; r < nr; r++) sum[r] = 0;
    for (size_t j = 0; j < kernel->columns; j++) {
      vec z = load(q->x + j * q->stride + c), w = splat(kernel->weights[j]);
      const double *row = x + j * x_stride;
      if (kernel->is_category[j]) {
        for (int r = 0; r < nr; r++) sum[r] += (vec)((ivec)w & (z != splat(row[r])));
      } else {
        for (int r = 0; r < nr; r++) {
          vec d = z - splat(row[r]);
          sum[r] = FMA(d * w, d, sum[r]);
        }
      }
    }
    for (int r = 0; r < nr; r++) {
      vec square = sum[r] * 5, root = __builtin_elementwise_sqrt(square), decay = exp_of(-root) * kernel->scale;
      store(k + (size_t)r * stride + c, (1 + root + square * (1.0 / 3)) * decay);
      if (e) store(e + (size_t)r * stride + c, (1 + root) * decay * (5.0 / 3));
    }
  }
}

static void gram(const sweep_matern *kernel, const sweep_points *points, size_t n, double noise, double *k, double *e, size_t stride) {
  for (size_t a = 0; a < n; a += 4)
    covariance_rows(kernel, points->x + a, points->stride, points, floor_lane(a), n, k + a * stride, e ? e + a * stride : NULL, stride, 4);
  for (size_t a = 0; a < n; a++) {
    for (size_t b = a < points->count ? points->count : floor_lane(a); b < n; b++) {
      k[a * stride + b] = 0;
      if (e) e[a * stride + b] = 0;
    }
    k[a * stride + a] = a < points->count ? k[a * stride + a] + noise : 1;
  }
}

static void covariance(const sweep_matern *kernel, const sweep_points *rows, size_t n, const sweep_points *columns, double *k, size_t stride) {
  for (size_t a = 0; a < n; a += 4)
    covariance_rows(kernel, rows->x + a, rows->stride, columns, 0, columns->count, k + a * stride, NULL, stride, 4);
  for (size_t a = rows->count; a < n; a++)
    for (size_t c = 0; c < columns->count; c++) k[a * stride + c] = 0;
}

// ---------------------------------------------------------------- tiles

// c ±= Σ_{from ≤ k < to} pᵀ·q for ROWS rows and `nv` vectors of columns.
INLINE void tile(const double *p, size_t p_stride, const double *q, size_t q_stride, size_t from, size_t to, double *c, size_t c_stride,
                 const int minus, const int nv) {
  vec acc[ROWS][2];
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < nv; v++) acc[r][v] = load(c + (size_t)r * c_stride + v * LANES);
  for (size_t k = from; k < to; k++) {
    const double *pk = p + k * p_stride, *qk = q + k * q_stride;
    vec z[2];
    for (int v = 0; v < nv; v++) z[v] = minus ? -load(qk + v * LANES) : load(qk + v * LANES);
    for (int r = 0; r < ROWS; r++)
      for (int v = 0; v < nv; v++) acc[r][v] = FMA(splat(pk[r]), z[v], acc[r][v]);
  }
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < nv; v++) store(c + (size_t)r * c_stride + v * LANES, acc[r][v]);
}

// The same for a span of columns.
INLINE void tiles(const double *p, size_t p_stride, const double *q, size_t q_stride, size_t from, size_t to, double *c, size_t c_stride,
                  size_t columns, const int minus) {
  size_t b = 0;
#if WIDE == 2
  for (; b + 2 * LANES <= columns; b += 2 * LANES) tile(p, p_stride, q + b, q_stride, from, to, c + b, c_stride, minus, 2);
#endif
  for (; b < columns; b += LANES) tile(p, p_stride, q + b, q_stride, from, to, c + b, c_stride, minus, 1);
}

static int factor(double *a, size_t n, size_t stride) {
  for (size_t j = 0; j < n; j += ROWS) {
    size_t c0 = floor_lane(j);
    tiles(a + j, stride, a + c0, stride, 0, j, a + j * stride + c0, stride, n - c0, 1);
    for (size_t r = j; r < j + ROWS; r++) {
      double *row = a + r * stride;
      for (size_t q = j; q < r; q++) {
        vec p = splat(-a[q * stride + r]);
        for (size_t c = c0; c < n; c += LANES) store(row + c, FMA(p, load(a + q * stride + c), load(row + c)));
      }
      double pivot = row[r];
      if (!(pivot > 0)) return 0;
      pivot = __builtin_sqrt(pivot);
      for (size_t c = c0; c < n; c += LANES) store(row + c, load(row + c) / splat(pivot));
      row[r] = pivot;
    }
  }
  return 1;
}

// Rows from `first` on: those before are 0 in b.
INLINE void forward_panel(const double *u, size_t n, size_t stride, double *b, size_t b_stride, size_t columns, size_t first) {
  for (size_t j = first; j < n; j += ROWS) {
    tiles(u + j, stride, b, b_stride, first, j, b + j * b_stride, b_stride, columns, 1);
    for (size_t r = j; r < j + ROWS; r++) {
      double *row = b + r * b_stride;
      vec pivot = splat(u[r * stride + r]);
      for (size_t c = 0; c < columns; c += LANES) {
        vec sum = load(row + c);
        for (size_t q = j; q < r; q++) sum = FMA(splat(-u[q * stride + r]), load(b + q * b_stride + c), sum);
        store(row + c, sum / pivot);
      }
    }
  }
}

static void forward(const double *u, size_t n, size_t stride, double *b, size_t b_stride, size_t columns) {
  for (size_t c = 0; c < columns; c += PANEL) forward_panel(u, n, stride, b + c, b_stride, least(PANEL, columns - c), 0);
}

static void backward(const double *u, size_t n, size_t stride, double *z) {
  for (size_t j = n; j-- > 0;) {
    const double *row = u + j * stride;
    vec sum = 0;
    size_t c = j + 1;
    double edge = 0;
    for (; c < n && c % LANES; c++) edge = __builtin_fma(row[c], z[c], edge);
    for (; c < n; c += LANES) sum = FMA(load(row + c), load(z + c), sum);
    z[j] = (z[j] - (sum_of(sum) + edge)) / row[j];
  }
}

static void inverse(const double *u, size_t n, size_t stride, double *m, double *inverse) {
  for (size_t a = 0; a < n; a++) {
    for (size_t b = 0; b < n; b++) m[a * stride + b] = inverse[a * stride + b] = 0;
    m[a * stride + a] = 1;
  }
  for (size_t c = 0; c < n; c += PANEL) forward_panel(u, n, stride, m + c, stride, least(PANEL, n - c), c);
  for (size_t a = 0; a < n; a += ROWS)
    for (size_t b = floor_lane(a); b < n; b += LANES * WIDE)
      tiles(m + a, stride, m + b, stride, b, n, inverse + a * stride + b, stride, least(LANES * WIDE, n - b), 0);
  for (size_t a = 0; a < n; a++)
    for (size_t b = a + 1; b < n; b++) inverse[b * stride + a] = inverse[a * stride + b];
}

// ---------------------------------------------------------------- sums over points

static void gradient(const sweep_matern *kernel, const sweep_points *points, size_t n, const double *inverse, const double *alpha, double *e,
                     size_t stride, double *scratch, double *by_column) {
  for (size_t j = 0; j < 32 * kernel->columns; j++) scratch[j] = 0;
  for (size_t a = 0; a < n; a += 4) {
    size_t c0 = floor_lane(a);
    for (size_t r = a; r < a + 4; r++) {
      double *row = e + r * stride;
      vec minus = splat(-alpha[r]);
      for (size_t c = c0; c < n; c += LANES) store(row + c, FMA(minus, load(alpha + c), load(inverse + r * stride + c)) * load(row + c));
      for (size_t c = c0; c <= r; c++) row[c] = 0;
    }
    for (size_t j = 0; j < kernel->columns; j++) {
      const double *x = points->x + j * points->stride;
      vec acc[4];
      for (int r = 0; r < 4; r++) acc[r] = load(scratch + 32 * j + 8 * r);
      for (size_t c = c0; c < n; c += LANES) {
        vec z = load(x + c);
        for (int r = 0; r < 4; r++) {
          vec g = load(e + (a + r) * stride + c);
          if (kernel->is_category[j]) {
            acc[r] += (vec)((ivec)g & (z != splat(x[a + r])));
          } else {
            vec d = z - splat(x[a + r]);
            acc[r] = FMA(d * d, g, acc[r]);
          }
        }
      }
      for (int r = 0; r < 4; r++) store(scratch + 32 * j + 8 * r, acc[r]);
    }
  }
  for (size_t j = 0; j < kernel->columns; j++) {
    const double *s = scratch + 32 * j;
    by_column[j] = sum_of((load(s) + load(s + 8)) + (load(s + 16) + load(s + 24))) * kernel->weights[j];
  }
}

static void predict(const double *u, size_t n, size_t stride, const double *alpha, double *k, size_t k_stride, size_t columns, double *mean,
                    double *explained) {
  for (size_t c = 0; c < columns; c += LANES) {
    vec sum = 0;
    for (size_t a = 0; a < n; a++) sum = FMA(splat(alpha[a]), load(k + a * k_stride + c), sum);
    store(mean + c, sum);
  }
  forward(u, n, stride, k, k_stride, columns);
  for (size_t c = 0; c < columns; c += LANES) {
    vec sum = 0;
    for (size_t a = 0; a < n; a++) {
      vec v = load(k + a * k_stride + c);
      sum = FMA(v, v, sum);
    }
    store(explained + c, sum);
  }
}

// y = A·x for a symmetric matrix.
INLINE void product(const double *a, size_t n, size_t stride, const double *x, double *y) {
  size_t c = 0;
  for (; c + 4 * LANES <= n; c += 4 * LANES) {
    vec acc[4];
    for (int v = 0; v < 4; v++) acc[v] = 0;
    for (size_t k = 0; k < n; k++) {
      vec p = splat(x[k]);
      for (int v = 0; v < 4; v++) acc[v] = FMA(p, load(a + k * stride + c + v * LANES), acc[v]);
    }
    for (int v = 0; v < 4; v++) store(y + c + v * LANES, acc[v]);
  }
  for (; c < n; c += LANES) {
    vec acc = 0;
    for (size_t k = 0; k < n; k++) acc = FMA(splat(x[k]), load(a + k * stride + c), acc);
    store(y + c, acc);
  }
}

static void posterior(const sweep_matern *kernel, const sweep_points *points, size_t n, const double *x, const double *alpha, const double *inverse,
                      size_t stride, double *scratch, double *result, double *mean_gradient, double *explained_gradient) {
  double *k = scratch, *e = scratch + n, *v = scratch + 2 * n;
  covariance_rows(kernel, x, 1, points, 0, n, k, e, n, 1);
  for (size_t b = points->count; b < n; b++) k[b] = e[b] = 0;
  product(inverse, n, stride, k, v);
  vec mean = 0, explained = 0;
  for (size_t c = 0; c < n; c += LANES) {
    vec kc = load(k + c), vc = load(v + c), ec = load(e + c), ac = load(alpha + c);
    mean = FMA(kc, ac, mean);
    explained = FMA(kc, vc, explained);
    store(k + c, ec * ac);
    store(e + c, ec * vc);
  }
  result[0] = sum_of(mean);
  result[1] = sum_of(explained);
  for (size_t j = 0; j < kernel->columns; j++) {
    vec dm = 0, de = 0;
    if (!kernel->is_category[j])
      for (size_t c = 0; c < n; c += LANES) {
        vec d = load(points->x + j * points->stride + c) - splat(x[j]);
        dm = FMA(load(k + c), d, dm);
        de = FMA(load(e + c), d, de);
      }
    mean_gradient[j] = sum_of(dm) * kernel->weights[j];
    explained_gradient[j] = sum_of(de) * kernel->weights[j];
  }
}

static void exponential(const double *x, double *y) { store(y, exp_of(load(x))); }

#define STRING(x) #x
#define NAMED(x) STRING(x)
#define JOIN(a, b) a##b
#define VARIANT(x) JOIN(sweep_numerics_, x)

const sweep_numerics VARIANT(NAME) = {
  NAMED(NAME), HAS_FMA, is_available, gram, covariance, factor, forward, backward, inverse, gradient, predict, posterior, exponential,
};
