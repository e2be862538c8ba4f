using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Tests.Training;

/// <summary>Law L4: a gradient equals the central difference of the double reference, and the planned float32 run equals the double one.</summary>
public sealed class GradientLaw
{
    private const int Problems = 50, Directions = 3, Coordinates = 6;
    private const double Step = 1e-5;

    public static TheoryData<string> Operators => GradientCatalog.Names;

    [Theory]
    [MemberData(nameof(Operators))]
    public void AGradientIsTheCentralDifference(string op)
    {
        var (definition, problems) = GradientCatalog.All.Single(t => t.Operator.ToString() == op);
        var broken = new List<string>();
        int tried = 0, atKinks = 0;
        for (int seed = 1; seed <= Problems; seed++)
        {
            var problem = problems.Draw(new RandomShapes(seed));
            using var trial = new GradientTrial(problem, definition, problems.Domain.Length == 0);
            var gradient = trial.Reference();
            foreach (var direction in Draw(trial, seed))
            {
                tried++;
                if (Difference(trial, direction) is not double expected) atKinks++;
                else
                {
                    double actual = direction.Sum(d => gradient[d.Key]?.Zip(d.Value).Sum(x => x.First * x.Second) ?? 0);
                    if (!(System.Math.Abs(actual - expected) <= 1e-6 * (1 + System.Math.Abs(expected)))) broken.Add($"seed {seed}, {problem}: along {string.Join(" ", direction.Keys)} {actual}, expected {expected}");
                }
            }
        }
        Assert.True(broken.Count == 0, string.Join("\n", broken.Take(10)));
        Assert.True(tried > 0 && atKinks * 5 <= tried, $"{atKinks} of {tried} differences were taken across a kink: the problems try too little");
    }

    [Theory]
    [MemberData(nameof(Operators))]
    public void ThePlannedRunInFloat32EqualsTheDoubleOneOnAnyNumberOfThreads(string op)
    {
        var (definition, problems) = GradientCatalog.All.Single(t => t.Operator.ToString() == op);
        for (int seed = 1; seed <= Problems; seed++)
        {
            var problem = problems.Draw(new RandomShapes(seed));
            using var trial = new GradientTrial(problem, definition, problems.Domain.Length == 0);
            var expected = trial.Reference();
            var actual = trial.Planned(threads: 1);
            foreach (string name in trial.Wanted)
            {
                if (expected[name] is not { } e) continue;
                double scale = e.Select(System.Math.Abs).Append(1).Max();
                for (int i = 0; i < e.Length; i++)
                    Assert.True(System.Math.Abs(actual[name][i] - e[i]) <= 2e-5 * scale, $"seed {seed}, {problem}: gradient of {name}[{i}] is {actual[name][i]} in float32, {e[i]} in float64");
            }
            if (seed % 5 != 0) continue;
            var again = trial.Planned(threads: 3);
            foreach (var (name, values) in actual) Assert.True(values.AsSpan().SequenceEqual(again[name]), $"seed {seed}, {problem}: gradient of {name} depends on the number of threads");
        }
    }

    // What has a rule is tried. Cast names its type, so it has no float64 form: its rule is CastLike's.
    [Fact]
    public void EveryOperatorThatHasAGradientIsTried()
    {
        var withRule = OperatorSet.Training.All.Where(o => o.GetType().GetMethod(nameof(Operator.Gradient), [typeof(GradientContext)])!.DeclaringType != typeof(Operator)).Select(o => o.ToString());
        Assert.Empty(withRule.Except(GradientCatalog.All.Select(t => t.Operator.ToString())).Except(["Cast"]));
    }

    // Random directions see every coordinate; single coordinates see an error that others would hide.
    private static List<Dictionary<string, double[]>> Draw(GradientTrial trial, long seed)
    {
        var random = new CounterRandom(seed, purpose: 4);
        var all = new List<Dictionary<string, double[]>>();
        for (int d = 0; d < Directions; d++) all.Add(trial.Wanted.ToDictionary(name => name, name => Enumerable.Range(0, (int)trial.Count(name)).Select(_ => random.NextNormal()).ToArray()));
        for (int c = 0; c < Coordinates && trial.Wanted.Length > 0; c++)
        {
            string name = trial.Wanted[random.Next(trial.Wanted.Length)];
            if (trial.Count(name) == 0) continue;
            double[] one = new double[trial.Count(name)];
            one[random.Next(one.Length)] = 1;
            all.Add(new() { [name] = one });
        }
        return all;
    }

    // The central difference; null where the slopes on both sides differ: a kink or a tie lies between.
    private static double? Difference(GradientTrial trial, Dictionary<string, double[]> direction)
    {
        double at = trial.LossAt(direction, 0), up = trial.LossAt(direction, Step), down = trial.LossAt(direction, -Step);
        double forward = (up - at) / Step, backward = (at - down) / Step;
        if (System.Math.Abs(forward - backward) > 2e-3 * (1 + System.Math.Abs(forward) + System.Math.Abs(backward))) return null;
        return (up - down) / (2 * Step);
    }
}
