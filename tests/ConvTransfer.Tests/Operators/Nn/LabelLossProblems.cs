using ConvTransfer.Graphs;

namespace ConvTransfer.Tests.Operators.Nn;

internal abstract class LabelLossProblemsBase(string op, int outputs) : OperatorProblems
{
    public override string OpType { get; } = op;

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (string reduction in new[] { "none", "sum", "mean" })
        {
            yield return Of($"{reduction}", 13, reduction, false, null, [3, 5]);
            yield return Of($"{reduction}, weights", 13, reduction, true, null, [3, 5, 2]);
            yield return Of($"{reduction}, an ignored class", 12, reduction, false, 1, [3, 5, 2, 2]);
            yield return Of($"{reduction}, weights and an ignored class", 12, reduction, true, 2, [3, 5, 4]);
            yield return Of($"{reduction}, many positions", 13, reduction, true, 0, [2, 33, 40, 50]);
        }
        yield return Of("one class", 13, null, false, null, [4, 1]);
        yield return Of("no row", 13, "none", false, null, [0, 3]);
        yield return OperatorProblem.Of("an ignored label that is no class", OpType, 13, [ProblemData.Normal(1, 4, 3), ProblemData.Of<long>([4], 2, -1, 0, -1)], [ProblemData.Attribute("ignore_index", -1L)], outputs);
        yield return OperatorProblem.Of("labels of 32 bits, constant", OpType, 13, [ProblemData.Normal(1, 3, 4), ProblemData.Of([3], 3, 0, 1).AsConstant()], [ProblemData.Attribute("reduction", "sum")], outputs);
        yield return OperatorProblem.Of("double", OpType, 13, [ProblemData.Of<double>([1, 3], -1, -2, -3), ProblemData.Of<long>([1], 1), ProblemData.Of<double>([3], 1, 2, 3)], outputs: outputs);
        yield return OperatorProblem.Of("large numbers", OpType, 13, [ProblemData.Of([2, 2], 1e30f, -1e30f, -1e4f, 1e4f), ProblemData.Of<long>([2], 1, 0)], [ProblemData.Attribute("reduction", "none")], outputs);
    }

    private OperatorProblem Of(string name, long opset, string? reduction, bool weights, long? ignored, long[] dims)
    {
        long[] rows = [dims[0], .. dims[2..]];
        var labels = new Core.CounterRandom(7);
        ProblemInput?[] inputs = [ProblemData.Normal(1, dims), ProblemData.Of(rows, [.. Enumerable.Range(0, (int)rows.Aggregate(1L, (p, d) => p * d)).Select(_ => (long)labels.Next((int)dims[1]))]), .. weights ? [ProblemData.Normal(2, dims[1])] : Array.Empty<ProblemInput>()];
        NodeAttribute[] attributes = [.. reduction is null ? [] : new[] { ProblemData.Attribute("reduction", reduction) }, .. ignored is null ? [] : new[] { ProblemData.Attribute("ignore_index", ignored.Value) }];
        return OperatorProblem.Of(name, OpType, opset, inputs, attributes, outputs);
    }
}

internal sealed class NegativeLogLikelihoodLossProblems() : LabelLossProblemsBase("NegativeLogLikelihoodLoss", 1)
{
    public override IEnumerable<OperatorProblem> All() => base.All().Append(OperatorProblem.Of("opset 22", OpType, 22, [ProblemData.Normal(1, 2, 3), ProblemData.Of<long>([2], 1, 0)]));
}

internal sealed class SoftmaxCrossEntropyLossProblems() : LabelLossProblemsBase("SoftmaxCrossEntropyLoss", 2)
{
    public override IEnumerable<OperatorProblem> All() => base.All().Append(OperatorProblem.Of("the loss alone", OpType, 13, [ProblemData.Normal(1, 2, 3), ProblemData.Of<long>([2], 1, 0)]));
}
