using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Laws;

/// <summary>A node that is rewritten for a newer opset computes the same, or is refused by name.</summary>
public sealed class LiftLaw
{
    public static TheoryData<string> Operators => ProblemCatalog.Names;

    [Theory]
    [MemberData(nameof(Operators))]
    public void ALiftedNodeComputesTheSame(string op) => Law.HoldsOnEveryProblem(op, problem =>
    {
        foreach (long opset in new long[] { 18, 21, 23 })
        {
            if (opset <= problem.Opset) continue;
            using var trial = new Trial(problem.ToModel(), problem.Feeds());
            using var expected = trial.Run();
            Model lifted;
            try
            {
                lifted = OpsetLift.LiftTo(trial.Model, opset);
            }
            catch (ConvTransferException e)
            {
                Assert.Equal((FailureCause.Unsupported, problem.Node.DisplayName), (e.Cause, e.Node));
                continue;
            }
            Assert.Equal(opset, lifted.Opset());
            Assert.Equal(lifted, OpsetLift.LiftTo(lifted, opset));
            using var after = new Trial(lifted, problem.Feeds());
            using var actual = after.Run();
            actual.AssertClose(expected, Tolerances.Of(problem), $"lifted to opset {opset}");
        }
    });
}
