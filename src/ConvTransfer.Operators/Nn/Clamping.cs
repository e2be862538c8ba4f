using System.Numerics;
using ConvTransfer.Engine.Elementwise;

namespace ConvTransfer.Operators.Nn;

/// <summary>min(max(x, lower), upper): NaN stays, and where the bounds cross the upper one wins.</summary>
internal readonly struct Clamping<T>(T lower, T upper) : IUnary<T, T> where T : INumber<T>
{
    private readonly T _lower = lower;
    private readonly T _upper = upper;

    public T Apply(T x)
    {
        var raised = x < _lower ? _lower : x;
        return raised > _upper ? _upper : raised;
    }
}
