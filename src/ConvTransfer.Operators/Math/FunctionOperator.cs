using System.Numerics;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>A function of one number, computed in double and rounded once to the element type.</summary>
internal interface IFunction
{
    double Apply(double x);
}

/// <summary>An operator that applies a function of floating point numbers to every element.</summary>
internal abstract class FunctionOperator<TFunction> : PlainOperator where TFunction : struct, IFunction
{
    /// <summary>Legacy hint of opsets before 6, without meaning for the result.</summary>
    private static readonly IntsAttribute ConsumedInputs = new("consumed_inputs") { Until = 5 };

    /// <summary>Creates the operator.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="since">Its versions; they differ in types only.</param>
    /// <param name="attributes">Its attributes.</param>
    protected FunctionOperator(string name, int[] since, params AttributeDefinition[] attributes)
    {
        var t = new TypeVariable("T", TypeVariable.Floats) { Unsupported = UnsupportedTypes };
        Schema = new OperatorSchema(name, since)
        {
            Inputs = [new("X", t)],
            Outputs = [new("Y", t)],
            Attributes = [.. attributes, .. since[0] < 6 ? new[] { ConsumedInputs } : []],
        };
    }

    public sealed override OperatorSchema Schema { get; }

    public override OperatorRole Role => OperatorRole.Activation;

    public sealed override TensorType[] InferTypes(NodeContext n) => [n.Input(0)];

    public override Node[] Lift(NodeContext n, LiftContext lift) => LegacyAttributes.Without(base.Lift(n, lift), lift, ConsumedInputs);

    public sealed override void Gradient(GradientContext g)
    {
        if (Slope(g) is { } slope) g.Accumulate(0, g.Node("Mul", [g.Gradient, slope]));
    }

    /// <summary>Emits the derivative at every element; null where it is 0 wherever it exists.</summary>
    protected abstract string? Slope(GradientContext g);

    /// <summary>Element types that the standard allows beside floating point ones.</summary>
    protected virtual ElementType[] UnsupportedTypes => [];

    /// <summary>The function with its parameters.</summary>
    protected virtual TFunction Function(NodeContext n) => default;

    protected sealed override PlainKernel Prepare(NodeContext n)
    {
        long count = n.InputShape(0).ElementCount;
        var function = Function(n);
        return new LoopKernel(n.Input(0).ElementType switch
        {
            ElementType.Float64 => new UnaryLoop<double, double, InDouble<double>>(count, new(function)),
            ElementType.Float16 => new UnaryLoop<Half, Half, InDouble<Half>>(count, new(function)),
            _ => new UnaryLoop<float, float, InDouble<float>>(count, new(function)),
        });
    }

    private readonly struct InDouble<TElement>(TFunction function) : IUnary<TElement, TElement> where TElement : INumber<TElement>
    {
        private readonly TFunction _function = function;

        public TElement Apply(TElement x) => TElement.CreateTruncating(_function.Apply(double.CreateTruncating(x)));
    }
}
