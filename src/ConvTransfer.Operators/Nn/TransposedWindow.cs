using ConvTransfer.Engine.Convolution;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>The window of a transposed convolution as a node's attributes give it, checked. Every input element is spread over a window of the output.</summary>
/// <remarks>
/// Source: ONNX ConvTranspose-22. Without padding the result has (input − 1) · stride + span + output_padding elements, of which pads are cut off at both ends.
/// Where auto_pad or output_shape tells the length, the pads follow; a result that is longer than all windows reach ends in elements that no input meets.
/// So does SAME with a window shorter than the stride: the standard says input · stride, and decides here against ONNX Runtime, which ends with the last window.
/// </remarks>
internal sealed class TransposedWindow
{
    public static readonly IntsAttribute OutputPadding = new("output_padding") { Least = 0 };
    public static readonly IntsAttribute OutputShape = new("output_shape") { Least = 1 };

    // So that a sum of two lengths still is a 32-bit number.
    private const int Longest = int.MaxValue / 2;

    private readonly NodeContext _node;
    private readonly long?[] _kernel;
    private readonly long[] _strides, _dilations, _pads, _more;
    private readonly long[]? _output;
    private readonly string _autoPad;

    /// <summary>Reads and checks the attributes.</summary>
    /// <param name="n">The node; its input 0 is [batch, channels, spatial…].</param>
    /// <param name="kernel">The window's lengths, where they are known.</param>
    public TransposedWindow(NodeContext n, IReadOnlyList<Dim> kernel)
    {
        _node = n;
        Rank = kernel.Count;
        _kernel = [.. kernel.Select(k => k.IsKnown ? k.Value : (long?)null)];
        _strides = SlidingWindow.Read(n, SlidingWindow.Strides, Rank, Rank, 1);
        _dilations = SlidingWindow.Read(n, SlidingWindow.Dilations, Rank, Rank, 1);
        _pads = SlidingWindow.Read(n, SlidingWindow.Pads, Rank, 2 * Rank, 0);
        _more = SlidingWindow.Read(n, OutputPadding, Rank, Rank, 0);
        _output = n.Has(OutputShape) ? SlidingWindow.Read(n, OutputShape, Rank, Rank, 1) : null;
        _autoPad = n.Get(SlidingWindow.AutoPad);
        for (int a = 0; a < Rank; a++)
        {
            long most = System.Math.Max(_strides[a], _dilations[a]);
            n.Require(_more[a] < most, $"attribute 'output_padding' is {_more[a]} on spatial axis {a}, expected less than stride {_strides[a]} or dilation {_dilations[a]}");
        }
    }

    /// <summary>The number of spatial axes.</summary>
    public int Rank { get; }

    /// <summary>The lengths of the output's spatial axes.</summary>
    public Dim[] OutputDims()
    {
        var dims = new Dim[Rank];
        for (int a = 0; a < Rank; a++)
        {
            var input = _node.Input(0)[a + 2];
            dims[a] = input.IsKnown && _kernel[a] is not null ? Resolve(a).Input : _output is not null ? _output[a] : IsIdentity(a) ? input : Dim.Unknown;
        }
        return dims;
    }

    /// <summary>The axes of the convolution whose gradient the transposed one is: their input is the result, their output the node's input. All lengths are known.</summary>
    public WindowAxis[] Axes() => [.. Enumerable.Range(0, Rank).Select(Resolve)];

    /// <summary>What one output element sees at most; a step of one element on the output moves that window by one element or less. Null where the kernel is not known.</summary>
    public SpatialWindow? Receptive() => _kernel.Contains(null)
        ? null
        : new SpatialWindow(Enumerable.Range(0, Rank).Select(a => (WindowAxis.Span(_kernel[a]!.Value, _dilations[a]) + _strides[a] - 1) / _strides[a]).ToValueList(), Enumerable.Repeat(1L, Rank).ToValueList());

    private bool IsIdentity(int a)
    {
        if (_strides[a] != 1 || _kernel[a] is not long kernel) return false;
        if (_autoPad is "SAME_UPPER" or "SAME_LOWER") return true;
        return WindowAxis.Span(kernel, _dilations[a]) - 1 + _more[a] == (_autoPad == "VALID" ? 0 : _pads[a] + _pads[Rank + a]);
    }

    private WindowAxis Resolve(int a)
    {
        long input = _node.Input(0)[a + 2].Value, kernel = _kernel[a]!.Value;
        _node.Require(input is >= 1 and <= Longest, $"spatial axis {a} has length {input}, expected 1 to {Longest}");
        // With a single element on the axis nothing is ever stepped over.
        long stride = input == 1 ? 1 : _strides[a], span = WindowAxis.Span(kernel, _dilations[a]);
        long reach = checked(((input - 1) * stride) + span), full = reach + _more[a];
        _node.Require(full <= Longest, $"the windows of {span} (kernel_shape {kernel}, dilation {_dilations[a]}) at stride {stride} span {full} elements on spatial axis {a} of length {input}, expected at most {Longest}");
        var (begin, output) = Place(a, input, full);
        _node.Require(output <= Longest, $"spatial axis {a} would become {output} long, expected at most {Longest}");
        return new WindowAxis((int)output, (int)kernel, (int)stride, (int)_dilations[a], (int)begin, (int)System.Math.Max(0, reach - begin - output), (int)input);
    }

    // How much is cut off in front, and the length of the result.
    private (long Begin, long Output) Place(int a, long input, long full)
    {
        bool same = _autoPad is "SAME_UPPER" or "SAME_LOWER";
        if (_output is null && !same)
        {
            var (begin, end) = _autoPad == "VALID" ? (0, 0) : (_pads[a], _pads[Rank + a]);
            _node.Require(full - begin - end >= 1, $"attribute 'pads' cuts {begin} + {end} elements off {full} on spatial axis {a}, and leaves none");
            return (begin, full - begin - end);
        }
        long output = _output is not null ? _output[a] : checked(input * _strides[a]), total = System.Math.Max(0, full - output);
        return (_autoPad == "SAME_UPPER" ? total / 2 : total - (total / 2), output);
    }
}
