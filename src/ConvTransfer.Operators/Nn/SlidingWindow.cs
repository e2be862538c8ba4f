using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>The window of a convolution or pool as a node's attributes give it, checked; and the attributes themselves, which all of these operators share.</summary>
internal sealed class SlidingWindow
{
    public static readonly StringAttribute AutoPad = new("auto_pad", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID");
    public static readonly IntsAttribute KernelShape = new("kernel_shape") { Least = 1 };

    /// <summary>kernel_shape where no weights tell it.</summary>
    public static readonly IntsAttribute RequiredKernelShape = new("kernel_shape") { Least = 1, Required = true };
    public static readonly IntsAttribute Strides = new("strides") { Least = 1 };
    public static readonly IntsAttribute Pads = new("pads");
    public static readonly IntsAttribute Dilations = new("dilations") { Least = 1 };

    private readonly NodeContext _node;
    private readonly long?[] _kernel;
    private readonly long[] _strides, _dilations, _pads;
    private readonly string _autoPad;
    private readonly bool _ceil;

    /// <summary>Reads and checks the attributes.</summary>
    /// <param name="n">The node; its input 0 is [batch, channels, spatial…].</param>
    /// <param name="kernel">The window's lengths, where they are known.</param>
    /// <param name="dilations">The attribute, for versions and operators that have it.</param>
    /// <param name="ceil">True where ceil_mode says so.</param>
    public SlidingWindow(NodeContext n, IReadOnlyList<Dim> kernel, IntsAttribute? dilations, bool ceil = false)
    {
        _node = n;
        _ceil = ceil;
        Rank = kernel.Count;
        _kernel = [.. kernel.Select(k => k.IsKnown ? k.Value : (long?)null)];
        _strides = Read(n, Strides, Rank, Rank, 1);
        _dilations = dilations is null ? Filled(Rank, 1) : Read(n, dilations, Rank, Rank, 1);
        _pads = Read(n, Pads, Rank, 2 * Rank, 0);
        _autoPad = n.Get(AutoPad);
        for (int a = 0; a < Rank; a++)
            if (_kernel[a] is long k) n.Require(WindowAxis.Span(k, _dilations[a]) <= int.MaxValue, $"attribute 'dilations' is {_dilations[a]} on spatial axis {a}: the window would span {WindowAxis.Span(k, _dilations[a])} elements");
    }

    /// <summary>The number of spatial axes.</summary>
    public int Rank { get; }

    /// <summary>The required attribute kernel_shape of a pool, checked.</summary>
    public static Dim[] ReadKernel(NodeContext n)
    {
        int rank = SpatialRank(n);
        long[] kernel = n.Get(KernelShape) ?? [];
        n.Require(kernel.Length == rank, $"attribute 'kernel_shape' has {kernel.Length} numbers, input 0 has {rank} spatial axes");
        foreach (long k in kernel) n.Require(k is >= 1 and <= int.MaxValue, $"attribute 'kernel_shape' holds {k}, expected 1 to {int.MaxValue}");
        return Array.ConvertAll(kernel, k => (Dim)k);
    }

    /// <summary>The lengths of a window that the weights, input 1 [·, ·, kernel…], tell, and with them the attribute kernel_shape; checked.</summary>
    public static Dim[] ReadWeightsKernel(NodeContext n)
    {
        int rank = SpatialRank(n);
        var w = n.Input(1);
        n.Require(w.Rank == rank + 2, $"weights {Shown(n, 1)} have rank {w.Rank}, input {Shown(n, 0)} has rank {rank + 2}");
        Dim[] kernel = [.. w.Dims!.Value.Skip(2)];
        if (n.Get(KernelShape) is { } given)
        {
            n.Require(given.Length == rank, $"attribute 'kernel_shape' has {given.Length} numbers, expected {rank}");
            for (int a = 0; a < rank; a++) n.Require(kernel[a].MayEqual(given[a]), $"attribute 'kernel_shape' is {given[a]} on spatial axis {a}, the weights {Shown(n, 1)} are {w}");
            for (int a = 0; a < rank; a++)
                if (!kernel[a].IsKnown) kernel[a] = given[a];
        }
        foreach (var k in kernel) n.Require(!k.IsKnown || k.Value >= 1, $"attribute 'kernel_shape' or weights {Shown(n, 1)} hold {k}, expected at least 1");
        return kernel;
    }

    /// <summary>A list attribute of the window, checked.</summary>
    /// <param name="n">The node.</param>
    /// <param name="attribute">The attribute.</param>
    /// <param name="rank">The number of spatial axes.</param>
    /// <param name="count">How many numbers there must be.</param>
    /// <param name="least">The least of them that is allowed; all are this one where the node gives none.</param>
    public static long[] Read(NodeContext n, IntsAttribute attribute, int rank, int count, long least)
    {
        if (n.Get(attribute) is not { } values) return Filled(count, least);
        n.Require(values.Length == count, $"attribute '{attribute.Name}' has {values.Length} numbers, expected {count} for {rank} spatial axes");
        foreach (long value in values) n.Require(value >= least && value <= int.MaxValue, $"attribute '{attribute.Name}' holds {value}, expected {least} to {int.MaxValue}");
        return values;
    }

    /// <summary>The name of an input for messages.</summary>
    public static string Shown(NodeContext n, int input) => $"'{Core.DisplayText.Escape(n.Node.Inputs[input])}'";

    /// <summary>The number of spatial axes of input 0.</summary>
    public static int SpatialRank(NodeContext n)
    {
        n.Require(n.Input(0).Rank >= 3, $"input 0 ('{Core.DisplayText.Escape(n.Node.Inputs[0])}') has rank {n.Input(0).Rank}, expected batch, channels and at least one spatial axis");
        return n.Input(0).Rank - 2;
    }

    /// <summary>Refuses padding as long as the window: a pool's window must see the input.</summary>
    public void RequirePadsBelowKernel()
    {
        if (_autoPad != "NOTSET") return;
        for (int a = 0; a < Rank; a++)
        {
            long span = WindowAxis.Span(_kernel[a]!.Value, _dilations[a]);
            _node.Require(_pads[a] < span && _pads[Rank + a] < span, $"attribute 'pads' is {_pads[a]} and {_pads[Rank + a]} on spatial axis {a}, expected less than the window's {span}");
        }
    }

    /// <summary>The lengths of the output's spatial axes.</summary>
    public Dim[] OutputDims()
    {
        var dims = new Dim[Rank];
        for (int a = 0; a < Rank; a++)
        {
            var input = _node.Input(0)[a + 2];
            dims[a] = input.IsKnown && _kernel[a] is long kernel ? Resolve(a, input.Value, kernel).Output : IsIdentity(a) ? input : Dim.Unknown;
        }
        return dims;
    }

    /// <summary>The axes; all lengths are known.</summary>
    public WindowAxis[] Axes()
    {
        var axes = new WindowAxis[Rank];
        for (int a = 0; a < Rank; a++) axes[a] = Resolve(a, _node.Input(0)[a + 2].Value, _kernel[a]!.Value);
        return axes;
    }

    /// <summary>What one output element sees; null where the kernel is not known.</summary>
    public SpatialWindow? Receptive() => _kernel.Contains(null)
        ? null
        : new SpatialWindow(Enumerable.Range(0, Rank).Select(a => WindowAxis.Span(_kernel[a]!.Value, _dilations[a])).ToValueList(), [.. _strides]);

    // The output of this axis is as long as its input, whatever that is.
    private bool IsIdentity(int a)
    {
        if (_strides[a] != 1 || _kernel[a] is not long kernel) return false;
        if (_autoPad is "SAME_UPPER" or "SAME_LOWER") return true;
        long pads = _autoPad == "VALID" ? 0 : _pads[a] + _pads[Rank + a];
        return WindowAxis.Span(kernel, _dilations[a]) - 1 == pads;
    }

    private WindowAxis Resolve(int a, long input, long kernel)
    {
        _node.Require(input is >= 0 and <= int.MaxValue, $"spatial axis {a} has length {input}, expected at most {int.MaxValue}");
        long span = WindowAxis.Span(kernel, _dilations[a]);
        var (begin, end) = _autoPad switch
        {
            "SAME_UPPER" => WindowAxis.SamePadding(input, span, _strides[a], upper: true),
            "SAME_LOWER" => WindowAxis.SamePadding(input, span, _strides[a], upper: false),
            "VALID" => (0, 0),
            _ => (_pads[a], _pads[Rank + a]),
        };
        long output = WindowAxis.OutputLength(input, span, _strides[a], begin, end, _ceil);
        _node.Require(output >= 1, $"the window of {span} (kernel_shape {kernel}, dilation {_dilations[a]}) is longer than spatial axis {a}: {input} with padding {begin} + {end}");
        _node.Require(output <= int.MaxValue && input + begin + end <= int.MaxValue, $"attribute 'pads' makes spatial axis {a} {input + begin + end} long, expected at most {int.MaxValue}");
        return new WindowAxis((int)input, (int)kernel, (int)System.Math.Min(_strides[a], int.MaxValue), (int)_dilations[a], (int)begin, (int)end, (int)output);
    }

    private static long[] Filled(int count, long value)
    {
        long[] values = new long[count];
        Array.Fill(values, value);
        return values;
    }
}
