using ConvTransfer.Graphs;

namespace ConvTransfer.Tests.Operators.Math;

internal sealed class GemmProblems : OperatorProblems
{
    public override string OpType => "Gemm";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return Of("opset 1, C of Y's shape", 1, 3, 5, 7, [3, 7]);
        yield return Of("opset 6, broadcast", 6, 3, 5, 7, [7], extra: ProblemData.Attribute("broadcast", 1));
        foreach (long opset in new long[] { 7, 9, 11, 13 }) yield return Of($"opset {opset}", opset, 3, 5, 7, [7]);
        foreach (long n in new long[] { 1, 4, 8, 15, 16, 17, 31, 32, 33, 67 }) yield return Of($"one row, {n} columns", 13, 1, 19, n, [n]);
        foreach (long m in new long[] { 2, 6, 7, 13, 14, 15, 29, 43 }) yield return Of($"{m} rows", 13, m, 11, 37, [37]);
        yield return Of("both transposed", 13, 17, 9, 23, [17, 1], transA: true, transB: true);
        yield return Of("B transposed, C scalar", 13, 5, 9, 40, [], transB: true);
        yield return Of("A transposed, one row", 13, 1, 9, 40, [1, 40], transA: true);
        yield return Of("factors", 13, 4, 6, 35, [4, 35], extra: ProblemData.Attribute("alpha", 0.25f), beta: -1.5f);
        yield return Of("no C, factor", 13, 4, 6, 35, null, extra: ProblemData.Attribute("alpha", 0.25f));
        yield return Of("empty sum", 13, 2, 0, 5, [5]);
        yield return Of("no row", 13, 0, 3, 5, [5]);
        yield return OperatorProblem.Of("int32 wraps", OpType, 9, [ProblemData.Of([1, 2], 2000000000, 3), ProblemData.Of([2, 1], 2, 1), ProblemData.Of([1], 5)]);
        yield return OperatorProblem.Of("uint64", OpType, 11, [ProblemData.Of<ulong>([1, 2], 7, 3), ProblemData.Of<ulong>([2, 1], 2, 1)]);
        yield return OperatorProblem.Of("float64", OpType, 11, [ProblemData.Of([1, 2], 0.1, 3), ProblemData.Of([2, 1], 2, 1e-9)]);
    }

    private static OperatorProblem Of(string name, long opset, long m, long k, long n, long[]? c, bool transA = false, bool transB = false, NodeAttribute? extra = null, float beta = 1)
    {
        var attributes = new List<NodeAttribute>();
        if (transA) attributes.Add(ProblemData.Attribute("transA", 1));
        if (transB) attributes.Add(ProblemData.Attribute("transB", 1));
        if (extra is not null) attributes.Add(extra);
        if (beta != 1) attributes.Add(ProblemData.Attribute("beta", beta));
        ProblemInput a = transA ? ProblemData.Normal(1, k, m) : ProblemData.Normal(1, m, k), b = (transB ? ProblemData.Normal(2, n, k) : ProblemData.Normal(2, k, n)).AsConstant();
        // C with a row of its own for each row of A is part of the batch: its rows cannot be taken alone with A's.
        bool batched = !transA && (c is null || c.Length < 2);
        return OperatorProblem.Of(name, "Gemm", opset, c is null ? [a, b] : [a, b, ProblemData.Normal(3, c).AsConstant()], [.. attributes], batchInput: batched ? 0 : null);
    }
}

internal sealed class MatMulProblems : OperatorProblems
{
    public override string OpType => "MatMul";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 9, 13 }) yield return Of($"opset {opset}", opset, [3, 5], [5, 7]);
        foreach (long n in new long[] { 1, 15, 16, 17, 33, 65 }) yield return Of($"{n} columns", 13, [4, 6], [6, n]);
        yield return Of("vector and matrix", 13, [6], [6, 35]);
        yield return Of("matrix and vector", 13, [35, 6], [6]);
        // Numbers of one sign: a single result that cancels to almost nothing has no largest one beside it to be measured by.
        yield return OperatorProblem.Of("two vectors", OpType, 13, [ProblemData.Of<float>([3], 0.1f, 0.7f, 2.3f), ProblemData.Of<float>([3], 1.9f, 0.3f, 1.1f)]);
        yield return Of("vector and many matrices", 13, [6], [2, 3, 6, 5]);
        yield return Of("many matrices, one constant", 13, [3, 2, 15, 6], [6, 35], batch: 0);
        yield return Of("one matrix, many", 13, [4, 6], [3, 2, 6, 5]);
        yield return Of("pairs", 13, [3, 4, 6], [3, 6, 40], batch: null);
        yield return Of("both spread", 13, [2, 1, 4, 6], [3, 6, 5]);
        yield return Of("both spread, crossed", 13, [2, 1, 4, 6], [1, 3, 6, 5]);
        yield return Of("empty sum", 13, [2, 0], [0, 5]);
        yield return OperatorProblem.Of("int64", OpType, 9, [ProblemData.Of<long>([1, 2], 7, -3), ProblemData.Of<long>([2, 2], 2, 1, 5, 1L << 60)]);
        yield return OperatorProblem.Of("float64", OpType, 13, [ProblemData.Of([1, 2], 0.1, 3), ProblemData.Of([2, 1], 2, 1e-9)]);
    }

    private static OperatorProblem Of(string name, long opset, long[] a, long[] b, int? batch = null) =>
        OperatorProblem.Of(name, "MatMul", opset, [ProblemData.Normal(1, a), ProblemData.Normal(2, b).AsConstant()], batchInput: batch);
}
