// Vectors of 4 floats for any machine: NEON on arm64 (32 registers; 5 rows × 2 units = 20 accumulators). On x86 without fused
// multiply-add each one becomes a call of fmaf: the same bits, very slow.
#include "CKernels.h"
static int is_available(void) { return 1; }
#define NAME portable
#ifdef __x86_64__
#define HAS_FMA 0
#else
#define HAS_FMA 1
#endif
#define TARGET_VL 4
#define ROWS 5
#define UNITS 2
#define ALONE UNITS
#define ALONE_ROWS ROWS
#define STEP_ROWS 8
#define INPUTS 5
#include "kernels_body.h"
