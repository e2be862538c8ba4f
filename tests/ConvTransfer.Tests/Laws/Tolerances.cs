using ConvTransfer.Engine.Tensors;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Laws;

/// <summary>The one table of tolerances of the planned run against the double reference. An operator that is not in it gives the reference's bits.</summary>
internal static class Tolerances
{
    /// <summary>A row: the tolerance from the length of the longest sum, and the reason.</summary>
    private sealed record Row(Func<double, Tolerance> Of, string Reason);

    private static readonly Row Sum = new(
        length => new Tolerance(2 + Math.Sqrt(length), IsOfTheLargest: true),
        "float32 partial sums against one double sum: rounding errors of a sum of K terms grow like the square root of K, measured against the largest result or term because terms cancel");

    private static readonly Row RoundedTwice = new(
        _ => new Tolerance(0.5),
        "one operation in float32, rounded again to float16: one step there, none in float32");

    private static readonly Row SignOfZero = new(
        _ => new Tolerance(0.5),
        "of 0 and -0 either is the largest");

    private static readonly Row Affine = new(
        _ => new Tolerance(4, IsOfTheLargest: true),
        "one multiplication with addition whose factors are rounded to float32 (a row's statistics are sums in float32 first), against the formula in double: the two terms may cancel");

    private static readonly Dictionary<string, Row> Rows = new()
    {
        ["BatchNormalization"] = Affine,
        ["Conv"] = Sum,
        ["ConvTranspose"] = Sum,
        ["Gemm"] = Sum,
        ["MatMul"] = Sum,
        ["AveragePool"] = Sum,
        ["GlobalAveragePool"] = Sum,
        ["GroupNormalization"] = Affine,
        ["InstanceNormalization"] = Affine,
        ["LayerNormalization"] = Affine,
        ["LeakyRelu"] = RoundedTwice,
        ["MaxPool"] = SignOfZero,
        ["GlobalMaxPool"] = SignOfZero,
    };

    /// <summary>The tolerance for a problem.</summary>
    public static Tolerance Of(OperatorProblem problem) =>
        Rows.TryGetValue(problem.Node.OpType, out var row) ? row.Of(LongestSum(problem)) with { LargestTerm = LargestTerm(problem) } : Tolerance.Exact;

    /// <summary>The tolerance for a sum of that many terms and a few stages behind it.</summary>
    public static Tolerance OfSum(long length, double largest) => Sum.Of(length) with { LargestTerm = largest };

    // An upper bound that is near enough: each output element sums over at most one input's elements of one image.
    private static double LongestSum(OperatorProblem problem) => problem.Inputs.OfType<ProblemInput>().Select(x => x.Data.Shape.ElementCount).DefaultIfEmpty(1).Max();

    // A term is at most a product of an element of each of the first two inputs.
    private static double LargestTerm(OperatorProblem problem) => problem.Inputs.Take(2).OfType<ProblemInput>().Select(x =>
    {
        if (!x.Data.ElementType.IsFloat() || x.Data.Shape.ElementCount == 0) return 1;
        using var tensor = x.Data.ToTensor();
        return Results.Largest(tensor);
    }).Aggregate(1.0, (product, largest) => product * largest);
}
