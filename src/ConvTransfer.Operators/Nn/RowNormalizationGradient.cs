using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Operators.Nn;

/// <summary>The gradients of h · scale + B, where h = (X − mean) / √(variance + epsilon) with the mean and variance over the last axes.</summary>
/// <remarks>dB = Σ dY, dScale = Σ dY · h, and with d = scale · dY: dX = (d − mean(d) − h · mean(d · h)) / √(variance + epsilon). Source: Ba, Kiros and Hinton, Layer Normalization, 2016.</remarks>
internal static class RowNormalizationGradient
{
    /// <summary>Emits the nodes for inputs X, scale and where given B.</summary>
    /// <param name="g">The context.</param>
    /// <param name="view">The shape of X, with axes split where groups need it.</param>
    /// <param name="firstAxis">The first axis of the view over which mean and variance are taken; all behind it belong to them.</param>
    /// <param name="spread">The shape in which scale, input 1, and B, input 2, spread over the view.</param>
    /// <param name="epsilon">Epsilon.</param>
    public static void Emit(GradientContext g, Shape view, int firstAxis, Func<int, Shape> spread, float epsilon)
    {
        var shape = g.N.InputShape(0);
        string Viewed(string value, Shape from, Shape to) => from.Equals(to) ? value : g.Reshaped(value, to);
        string Mean(string value) => g.Node("ReduceMean", [value, g.Integers([.. Enumerable.Range(firstAxis, view.Rank - firstAxis)])]);
        string Times(string a, string b) => g.Node("Mul", [a, b]);
        string dy = Viewed(g.Gradient, shape, view), x = Viewed(g.Input(0), shape, view);
        if (g.IsWanted(2)) g.Accumulate(2, Viewed(g.SummedTo(dy, view, spread(2)), spread(2), g.N.InputShape(2)));
        if (!g.IsWanted(0) && !g.IsWanted(1)) return;
        // Far from 0 the mean is rounded by more than the elements differ: what that leaves has a mean of its own.
        string nearly = g.Node("Sub", [x, Mean(x)]), centred = g.Node("Sub", [nearly, Mean(nearly)]);
        string deviation = g.Node("Sqrt", [g.Node("Add", [Mean(Times(centred, centred)), g.Scalar(epsilon)])]), normalized = g.Node("Div", [centred, deviation]);
        if (g.IsWanted(1)) g.Accumulate(1, Viewed(g.SummedTo(Times(dy, normalized), view, spread(1)), spread(1), g.N.InputShape(1)));
        if (!g.IsWanted(0)) return;
        string d = Times(dy, Viewed(g.Input(1), g.N.InputShape(1), spread(1)));
        string rest = g.Node("Sub", [g.Node("Sub", [d, Mean(d)]), Times(normalized, Mean(Times(d, normalized)))]);
        g.Accumulate(0, Viewed(g.Node("Div", [rest, deviation]), view, shape));
    }
}
