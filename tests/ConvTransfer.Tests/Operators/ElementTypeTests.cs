using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Tests.Operators;

/// <summary>Which fault a wrong element type is: the model's, or that the standard allows more than is supported.</summary>
public sealed class ElementTypeTests
{
    // Erf takes all numbers by the standard; a valid model of integers was called invalid. Exp takes floating point numbers alone.
    [Theory]
    [InlineData("Erf", ElementType.Int32, FailureCause.Unsupported)]
    [InlineData("Erf", ElementType.UInt8, FailureCause.Unsupported)]
    [InlineData("Erf", ElementType.Bool, FailureCause.ModelInvalid)]
    [InlineData("Exp", ElementType.Int32, FailureCause.ModelInvalid)]
    public void TheCauseTellsWhoseFaultItIs(string op, ElementType type, FailureCause cause)
    {
        var model = new Model(new Graph
        {
            Nodes = [new Node(op, ["x"], ["y"])],
            Inputs = [new ValueInfo("x", new TensorType(type, [2]))],
            Outputs = [new ValueInfo("y", null)],
        }) { IrVersion = 8, OpsetImports = [new OpsetImport("", 13)] };
        Assert.Equal(cause, Assert.Single(ModelCheck.Check(model)).Cause);
    }

    // BatchNormalization-14 has one type for X, scale and B and one for the statistics, 15 three, those before one for all.
    [Theory]
    [InlineData(9, false, true, true)]
    [InlineData(14, false, true, false)]
    [InlineData(14, true, false, true)]
    [InlineData(15, true, true, false)]
    public void EachVersionOfBatchNormalizationHasItsTypes(long opset, bool wideScale, bool wideStatistics, bool isRefused)
    {
        ProblemInput Vector(bool isWide) => isWide ? ProblemData.Of<double>([2], 1, 2) : ProblemData.Of<float>([2], 1, 2);
        var problem = OperatorProblem.Of("types", "BatchNormalization", opset, [ProblemData.Normal(1, 3, 2), Vector(wideScale), Vector(wideScale), Vector(wideStatistics), Vector(wideStatistics)]);
        var problems = ModelCheck.Check(problem.ToModel());
        if (isRefused) Assert.Equal(FailureCause.ModelInvalid, Assert.Single(problems).Cause);
        else Assert.Empty(problems);
    }
}
