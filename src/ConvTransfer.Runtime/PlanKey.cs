using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Runtime;

/// <summary>What a plan was made for: the shapes of the inputs, and the values of those that decide shapes.</summary>
internal sealed class PlanKey
{
    private readonly Shape[] _shapes;
    private readonly byte[]?[] _values;

    /// <summary>The key of the given inputs.</summary>
    public PlanKey(ReadOnlySpan<Tensor> inputs, ReadOnlySpan<bool> decides)
    {
        _shapes = new Shape[inputs.Length];
        _values = new byte[]?[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            _shapes[i] = inputs[i].Shape;
            if (decides[i]) _values[i] = inputs[i].AsBytes().ToArray();
        }
    }

    /// <summary>True when a plan of this key serves the inputs. Allocates nothing.</summary>
    public bool Serves(ReadOnlySpan<Tensor> inputs)
    {
        if (inputs.Length != _shapes.Length) return false;
        for (int i = 0; i < inputs.Length; i++)
        {
            if (!_shapes[i].Equals(inputs[i].Shape)) return false;
            if (_values[i] is { } value && !inputs[i].AsBytes().SequenceEqual(value)) return false;
        }
        return true;
    }
}
