using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Training;

/// <summary>Random applications of one operator whose gradient is tried: one class for each operator that has one. The law finds it by reflection.</summary>
public abstract class GradientProblems
{
    /// <summary>The operator's name.</summary>
    public abstract string OpType { get; }

    /// <summary>The operator's domain; empty for ai.onnx.</summary>
    public virtual string Domain => "";

    /// <summary>The opset in which the problems are written.</summary>
    protected virtual long Opset => 18;

    /// <summary>A problem with shapes and numbers drawn from the generator; its floating point inputs are float32.</summary>
    public abstract OperatorProblem Draw(RandomShapes random);

    protected OperatorProblem Of(ProblemInput?[] inputs, params NodeAttribute[] attributes) => Of(inputs, 1, attributes);

    protected OperatorProblem Of(ProblemInput?[] inputs, int outputs, params NodeAttribute[] attributes)
    {
        var problem = OperatorProblem.Of(string.Join(", ", inputs.Select(x => x is null ? "-" : x.Data.Type.ToString())), OpType, Opset, inputs, attributes, outputs);
        return problem with { Node = problem.Node with { Domain = Domain } };
    }
}

/// <summary>Draws shapes and numbers; the same seed draws the same ones.</summary>
public sealed class RandomShapes(long seed)
{
    private CounterRandom _random = new(seed);
    private int _data = (int)(seed * 1000);

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public int Int(int least, int most) => least + _random.Next(most - least + 1);

    /// <summary>True with probability one half.</summary>
    public bool Flip() => Int(0, 1) == 1;

    /// <summary>One of the items.</summary>
    public T One<T>(params ReadOnlySpan<T> items) => items[Int(0, items.Length - 1)];

    /// <summary>A shape.</summary>
    public long[] Shape(int leastRank, int mostRank, int longest = 5) => [.. Enumerable.Range(0, Int(leastRank, mostRank)).Select(_ => (long)Int(1, longest))];

    /// <summary>A shape that spreads over another one.</summary>
    public long[] SpreadOver(long[] shape) => [.. shape.Skip(Int(0, shape.Length)).Select(d => Flip() ? d : 1)];

    /// <summary>Normally distributed numbers.</summary>
    public ProblemInput Normal(params long[] dims) => ProblemData.Normal(_data++, dims);

    /// <summary>Normally distributed numbers around 0, or around something farther away, at most <paramref name="farthest"/>.</summary>
    public ProblemInput Around(double farthest, params long[] dims)
    {
        float centre = (float)(One(0, 0.1, 1) * farthest);
        var near = Normal(dims);
        using var tensor = near.Data.ToTensor();
        return ProblemData.Of(dims, Array.ConvertAll(tensor.AsSpan<float>().ToArray(), v => v + centre));
    }

    /// <summary>Numbers from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public ProblemInput Uniform(double least, double most, params long[] dims)
    {
        float[] values = new float[dims.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++) values[i] = (float)(least + ((most - least) * _random.NextDouble()));
        return ProblemData.Of(dims, values);
    }

    /// <summary>Some axes of a tensor, each at most once, in any order.</summary>
    public long[] Axes(int rank, int least)
    {
        int[] axes = [.. Enumerable.Range(0, rank)];
        _random.Shuffle<int>(axes);
        return [.. axes.Take(Int(least, rank)).Select(a => Flip() ? (long)a : a - rank)];
    }

    /// <summary>A permutation of the axes.</summary>
    public long[] Permutation(int rank)
    {
        long[] axes = [.. Enumerable.Range(0, rank).Select(a => (long)a)];
        _random.Shuffle<long>(axes);
        return axes;
    }
}

/// <summary>The problems of all operators, by name.</summary>
internal static class GradientCatalog
{
    /// <summary>The classes in the order of the operator set.</summary>
    public static IReadOnlyList<(Operator Operator, GradientProblems Problems)> All { get; } = Find();

    /// <summary>The operators' names for theories.</summary>
    public static TheoryData<string> Names => [.. All.Select(t => t.Operator.ToString())];

    private static (Operator, GradientProblems)[] Find()
    {
        var found = typeof(GradientCatalog).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(GradientProblems)) && !t.IsAbstract)
            .Select(t => (GradientProblems)Activator.CreateInstance(t, nonPublic: true)!).ToDictionary(p => (p.Domain, p.OpType));
        return [.. OperatorSet.Training.All.Where(o => found.ContainsKey((o.Schema.Domain, o.Schema.Name))).Select(o => (o, found[(o.Schema.Domain, o.Schema.Name)]))];
    }
}
