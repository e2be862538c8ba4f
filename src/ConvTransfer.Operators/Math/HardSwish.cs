namespace ConvTransfer.Operators.Math;

/// <summary>Y = X · max(0, min(1, X / 6 + 1 / 2)).</summary>
/// <remarks>Source: ONNX HardSwish-14, -22; the versions differ in types only.</remarks>
internal sealed class HardSwish() : FunctionOperator<HardSwish.Of>("HardSwish", [14, 22])
{
    // X / 3 + 1 / 2 between -3 and 3; outside 0 or 1.
    protected override string Slope(GradientContext g)
    {
        string x = g.Input(0), inside = g.Node("Add", [g.Node("Div", [x, g.Scalar(3)]), g.Scalar(0.5)]);
        string outside = g.Node("CastLike", [g.Node("Greater", [x, g.Scalar(0)]), x]);
        return g.Node("Where", [g.Node("Less", [g.Node("Abs", [x]), g.Scalar(3)]), inside, outside]);
    }

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => x * double.Clamp((x / 6) + 0.5, 0, 1);
    }
}
