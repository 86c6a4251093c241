// What each method does, in a sentence for people: 'sweep plan' says it.

/// By the register's name.
package let methodSummaries = [
  "grid": "every combination of the listed values",
  "random": "every parameter drawn by itself",
  "auto": "a method for the space and the budget, chosen by what is known to work best there",
  "tpe": "points that are likely among good results and unlikely among the others (tree-structured Parzen estimator)",
  "gp": "points of which a Gaussian process expects the most improvement",
  "cma": "a normal distribution that moves to where results are better (CMA-ES)",
  "nsga2": "generations bred from those that nothing is better than in every objective (NSGA-II)",
  "sobol": "points spread evenly over the space (scrambled Sobol sequence)",
  "halton": "points spread evenly over the space (scrambled Halton sequence)",
  "latin": "points of which each is alone in its stratum of every parameter (Latin hypercube)",
]
