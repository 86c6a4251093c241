// Calls every kernel of every variant that this machine can run, over shapes at the edges of their loops, in buffers of exactly the size that
// CKernels.h asks for: `.ci/sanitize kernels` compiles it and the kernels with the address and the undefined-behaviour sanitizer. What the kernels
// compute is the business of KernelTests.

#include "CKernels.h"
#include <stdio.h>
#include <stdlib.h>

static void *room(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!memory) abort();
  return memory;
}

static float *floats(size_t count) {
  float *values = room(count * sizeof *values);
  for (size_t i = 0; i < count; i++) values[i] = (float)((i * 2654435761u) % 1000) / 1000 - 0.5f;
  return values;
}

static void run(const sweep_kernels *kernels, size_t inputs, size_t members, size_t classes, size_t count) {
  const size_t width = (members * classes + SWEEP_UNIT - 1) / SWEEP_UNIT * SWEEP_UNIT;
  const size_t stride = (width + SWEEP_LANES - 1) / SWEEP_LANES * SWEEP_LANES;
  const size_t images = 2 * count + 3;
  uint8_t *pixels = room(images * inputs), *labels = room(count);
  uint32_t *rows = room(count * sizeof *rows);
  for (size_t i = 0; i < images * inputs; i++) pixels[i] = (uint8_t)(i * 37);
  for (size_t i = 0; i < count; i++) rows[i] = (uint32_t)(images - 1 - i), labels[i] = (uint8_t)(i % classes);
  float *mean = floats(inputs), *scale = floats(inputs), *decay = floats(stride), *scales = floats(members);
  float *scores = floats(count * stride + SWEEP_LANES), *gradient = floats(count * stride + SWEEP_LANES);
  float *scratch = floats((count > 2 * SWEEP_SMALL_BATCH ? count : 2 * SWEEP_SMALL_BATCH) * SWEEP_ROW);
  sweep_layer layer = {floats(inputs * stride), floats(stride), inputs, width, stride};
  sweep_batch shuffled = {pixels, rows, 0, count, inputs, mean, scale}, straight = {pixels, NULL, 3, count, inputs, mean, scale};
  double *norms = room(stride * sizeof *norms), *losses = room(members * sizeof *losses);
  int64_t *correct = room(members * sizeof *correct);
  for (size_t i = 0; i < members; i++) losses[i] = 0, correct[i] = 0;
  sweep_scores all = {scores, count, stride, 0, members, classes, labels};

  kernels->forward(&shuffled, &layer, scratch, scores);
  kernels->forward(&straight, &layer, scratch, scores);
  kernels->softmax_gradient(&all, scales, gradient);
  kernels->sigmoid_gradient(&all, scales, gradient);
  kernels->softmax_evaluate(&all, losses, correct);
  kernels->sigmoid_evaluate(&all, losses, correct);
  kernels->update(&shuffled, &layer, scratch, gradient, decay);
  kernels->update_forward(&shuffled, &layer, scratch, gradient, decay, &straight, scores);
  kernels->square_norms(&layer, norms);
  kernels->exponential(floats(16), floats(16));
  kernels->logarithm(floats(16), floats(16));
}

int main(void) {
  const size_t inputs[] = {1, 7, 255, 256, 257, 784}, members[] = {1, 2, 5, 27}, classes[] = {2, 10, 13}, counts[] = {1, 5, 8, 9, 20};
  size_t shapes = 0, variants = 0;
  for (const sweep_kernels *const *variant = sweep_all_kernels(); *variant; variant++) {
    if (!(*variant)->is_available()) continue;
    variants++;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
      for (size_t m = 0; m < sizeof members / sizeof *members; m++)
        for (size_t c = 0; c < sizeof classes / sizeof *classes; c++)
          for (size_t n = 0; n < sizeof counts / sizeof *counts; n++, shapes++) run(*variant, inputs[i], members[m], classes[c], counts[n]);
  }
  printf("%zu variants, %zu shapes\n", variants, shapes);
  return variants == 0;
}
