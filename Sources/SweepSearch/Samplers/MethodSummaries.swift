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
  "halving": "many trials for a few epochs, of which the best go on (successive halving)",
  "asha": "many trials for a few epochs, of which the best go on as soon as they are known (asynchronous successive halving)",
  "hyperband": "successive halving with several numbers of trials and epochs to begin with",
  "bohb": "Hyperband whose points a Parzen estimator chooses",
  "pbt": "a population whose weaker trials go on from copies of the stronger, with other settings (population based training)",
]
